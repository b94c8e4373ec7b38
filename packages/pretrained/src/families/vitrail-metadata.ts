import { VitrailError } from '@vitrail/core';

const KEY = 'vitrail.model';

/** What a model file of Vitrail says of itself, beside what its kind needs: enough to encode with it, and nothing of how it was trained. */
export type VitrailDescription = {
  /** Which of the models that are pretrained here it is. */
  readonly kind: string;
  /** Of `tokenizerFromJSON`; a model of pictures alone has none. */
  readonly tokenizer?: unknown;
};

/** The metadata that says so in a safetensors file. */
export function vitrailMetadata(description: VitrailDescription): Record<string, string> {
  return { [KEY]: JSON.stringify(description) };
}

/**
 * The description in a file's metadata, or `undefined` when the file was not written by Vitrail.
 *
 * @throws `corrupt-data` when it cannot be read, or a size in it is none: a forged one cannot fill the memory
 */
export function readVitrailMetadata(metadata: Readonly<Record<string, string>>): VitrailDescription | undefined {
  if (!Object.hasOwn(metadata, KEY)) return undefined;
  try {
    const description: unknown = JSON.parse(metadata[KEY]);
    if (typeof description !== 'object' || description === null) throw new SyntaxError('it is no object');
    const { tokenizer: _, ...towers } = description as VitrailDescription;
    if (typeof towers.kind !== 'string') throw new SyntaxError('it does not say what kind of model it is');
    requireSizes(towers, '');
    return description as VitrailDescription;
  } catch (cause) {
    throw new VitrailError('corrupt-data', `the metadata "${KEY}" cannot be read (${(cause as Error).message})`, { cause });
  }
}

/**
 * The description, if it is of this kind, with these parts in it.
 *
 * @throws `corrupt-data` naming a part that is missing
 */
export function describedAs<D extends VitrailDescription>(
  kind: D['kind'],
  parts: readonly (keyof D & string)[],
  metadata: Readonly<Record<string, string>>,
): D | undefined {
  const description = readVitrailMetadata(metadata);
  if (description?.kind !== kind) return undefined;
  const missing = parts.find((part) => typeof (description as Record<string, unknown>)[part] !== 'object');
  if (missing === undefined) return description as D;
  throw new VitrailError('corrupt-data', `the metadata "${KEY}" cannot be read (a model of the kind ${kind} has ${missing})`);
}

/** Counts are whole and at most a million, layers at most a thousand; other numbers are finite. */
function requireSizes(part: object, path: string): void {
  for (const [name, value] of Object.entries(part)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (typeof value === 'object' && value !== null) requireSizes(value, at);
    if (typeof value !== 'number') continue;
    const most = name === 'depth' ? 1000 : 1_000_000;
    if (!(Math.abs(value) <= most)) throw new SyntaxError(`${at} is a number up to ${most}, but ${value} came`);
    if (counts.has(name) && !(Number.isInteger(value) && value >= 1)) {
      throw new SyntaxError(`${at} is a whole number of at least 1, but ${value} came`);
    }
  }
}

/** Numbers of towers that count something. */
const counts: ReadonlySet<string> = new Set([
  'imageSize',
  'patchSize',
  'width',
  'depth',
  'heads',
  'hidden',
  'clsTokens',
  'positionGrid',
  'mlpHidden',
  'maxTokens',
  'vocabularySize',
  'embedding',
  'outputs',
]);
