import { VitrailError } from '@vitrail/core';
import type { SampleCaptions } from '../sample.ts';
import type { ShardMember } from './shard-index.ts';

/** The json fields that hold captions unless the user names others: granularities by their own name, and three names for alt-text. */
export const DEFAULT_CAPTION_FIELDS: readonly string[] = ['alt', 'short', 'long', 'caption', 'captions', 'text'];

/** Fields that are written about the whole web: what img2dataset, COCO exports and others call the alt-text. */
const ALT_NAMES: readonly string[] = ['caption', 'captions', 'text'];

/** The text and label members of one sample, decoded but not interpreted. */
export type SampleFields = { readonly txt?: string; readonly cls?: string; readonly json?: Readonly<Record<string, unknown>> };

/**
 * Decodes the text and label members among `members`, whose bytes are given in the same order.
 *
 * @throws `corrupt-data` when the json is no JSON object.
 */
export function parseFields(members: readonly ShardMember[], bytes: readonly Uint8Array[]): SampleFields {
  const texts: { txt?: string; cls?: string; json?: string } = {};
  members.forEach(({ extension }, m) => {
    if (extension === 'txt' || extension === 'cls' || extension === 'json') texts[extension] = new TextDecoder().decode(bytes[m]);
  });
  const { json: source, ...rest } = texts;
  if (source === undefined) return rest;
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch (error) {
    throw new VitrailError('corrupt-data', `not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new VitrailError('corrupt-data', 'a JSON object was expected');
  return { ...rest, json: json as Record<string, unknown> };
}

/**
 * The captions of a sample by granularity.
 *
 * The rule: the `.txt` member is `alt`. Of the json, every field named in `fields` counts if it is a string or an array of strings: `caption`,
 * `captions` and `text` are `alt` too, any other is the granularity of its own name (`alt`, `short`, `long`, or whatever the user lists).
 * Blank texts are dropped, equal ones kept once (img2dataset writes the same caption to both files); several different texts of one
 * granularity stay, as an array, to be drawn from. Fields not named in `fields` are not read.
 */
export function captionsOf({ txt, json }: SampleFields, fields: readonly string[]): SampleCaptions {
  const texts = new Map<string, Set<string>>();
  const add = (granularity: string, value: unknown) => {
    if (typeof value !== 'string' || value.trim() === '') return;
    const known = texts.get(granularity) ?? new Set();
    texts.set(granularity, known.add(value.trim()));
  };
  add('alt', txt);
  for (const field of fields) {
    const value = json?.[field];
    for (const text of Array.isArray(value) ? value : [value]) add(ALT_NAMES.includes(field) ? 'alt' : field, text);
  }
  return Object.fromEntries([...texts].map(([granularity, set]) => [granularity, set.size === 1 ? [...set][0] : [...set]]));
}

/** The class as written: the `.cls` member, else the json field `label`, `cls` or `class`, whichever comes first; `undefined` if there is none. */
export function rawClassOf({ cls, json }: SampleFields): number | string | undefined {
  const value = cls?.trim() || [json?.label, json?.cls, json?.class].find((field) => field !== undefined && field !== null);
  if (typeof value === 'string') return /^\d+$/.test(value.trim()) ? Number(value) : value.trim() || undefined;
  return typeof value === 'number' ? value : undefined;
}

/**
 * The index of a sample's class: a whole number as it stands, a name by its place in `classNames`.
 *
 * @returns `undefined` when there is no label, or a name and no list of names to find it in.
 * @throws `corrupt-data` when `classNames` are known and the label is not among them.
 */
export function classIndexOf(fields: SampleFields, classNames: readonly string[] | undefined): number | undefined {
  const raw = rawClassOf(fields);
  if (raw === undefined) return undefined;
  const index = typeof raw === 'number' ? raw : classNames?.indexOf(raw);
  const isKnown =
    index !== undefined && Number.isInteger(index) && index >= 0 && index < (classNames?.length ?? Number.POSITIVE_INFINITY);
  if (isKnown) return index;
  if (classNames === undefined) return undefined;
  throw new VitrailError('corrupt-data', `its class ${JSON.stringify(raw)} is not one of the ${classNames.length} class names`);
}
