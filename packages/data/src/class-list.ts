import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VitrailError } from '@vitrail/core';
import { isUrl } from './source-spec.ts';

const FILE = 'classes.json';

/** Milliseconds after which a server that says nothing has failed. */
const TIMEOUT = 60_000;

/**
 * The class names in the `classes.json` (a JSON array of names, in the order of their numbers) beside shards, or `undefined` when there is none.
 *
 * @param shards paths and http(s) URLs
 * @throws `corrupt-data` when the file is no such list, or shards of several folders have different ones; `io` when it is there but cannot be read.
 */
export async function classNamesBeside(shards: readonly string[]): Promise<readonly string[] | undefined> {
  const places = new Set(shards.map((shard) => (isUrl(shard) ? urlBeside(shard) : join(dirname(shard), FILE))));
  const lists = await Promise.all(
    [...places].map(async (place) => {
      const text = await (isUrl(place) ? download(place) : readIfThere(place));
      return text === undefined ? [] : [{ place, names: parseNames(place, text) }];
    }),
  );
  const [first, ...others] = lists.flat();
  const other = others.find(({ names }) => JSON.stringify(names) !== JSON.stringify(first.names));
  if (other !== undefined) {
    throw new VitrailError(
      'corrupt-data',
      `${first.place} and ${other.place} name different classes, but shards that are opened together share theirs`,
    );
  }
  return first?.names;
}

/** The query stays: it may be what allows the download. */
function urlBeside(shard: string): string {
  const url = new URL(shard);
  url.pathname = url.pathname.replace(/[^/]*$/, FILE);
  return url.href;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new VitrailError('io', `${path}: ${message}`, { cause: error });
  }
}

async function download(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
    if (response.ok) return await response.text();
    await response.body?.cancel();
    // Object stores answer 403 for a missing file to those who may not list the folder.
    if ([401, 403, 404, 410].includes(response.status)) return undefined;
    throw new Error(`the server answered ${response.status}`);
  } catch (error) {
    throw new VitrailError('io', `${url}: ${(error as Error).message}`, { cause: error });
  }
}

function parseNames(place: string, text: string): readonly string[] {
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch (error) {
    throw new VitrailError('corrupt-data', `${place}: not JSON: ${(error as Error).message}`, { cause: error });
  }
  const isName = (name: unknown): name is string => typeof name === 'string' && name.trim() !== '';
  if (!Array.isArray(names) || names.length === 0 || !names.every(isName) || new Set(names).size !== names.length) {
    throw new VitrailError('corrupt-data', `${place}: a JSON array of class names is expected, each once`);
  }
  return names;
}
