import { classNamesBeside } from './class-list.ts';
import { findFiles } from './find-files.ts';
import { decodeWithSharp } from './images/decode-with-sharp.ts';
import { limiter } from './limiter.ts';
import { mosaicSource } from './mosaics/mosaic-source.ts';
import type { SampleSource } from './sample.ts';
import { sceneSource } from './scenes/scene-source.ts';
import { expandBraces } from './shards/brace-expansion.ts';
import { filePool } from './shards/file-reader.ts';
import { httpReader } from './shards/http-reader.ts';
import type { Shard } from './shards/index-shards.ts';
import type { IndexStore } from './shards/kept-index.ts';
import type { RangeReader } from './shards/range-reader.ts';
import { openShards } from './shards/shard-source.ts';
import { isUrl, parseSourceSpec, unknownSource } from './source-spec.ts';

/** Shards that are opened at the same time. */
const OPENED_AT_ONCE = 16;

/** Bytes of shards that may be held in memory when a server has no range requests. */
const DOWNLOAD_BUDGET = 1 << 30;

/**
 * Opens the data that a spec names:
 *
 * - `scenes[?count=10000&size=64&seed=0&split=train|test]`: {@link sceneSource}
 * - a glob or brace list of WebDataset shards, or their http(s) URLs (braces are expanded): {@link openShards}, decoding with `sharp`
 * - `mosaic:SHARDS[?grid=2|1..3&count=N&seed=0&tileSize=32]`: {@link mosaicSource} of labelled shards
 *
 * Options begin at the last `?` that is followed by nothing but `name=value`, joined by `&` (see {@link parseSourceSpec} for what that means to wildcards
 * and URLs).
 *
 * Class names come from `classes.json` (a JSON array of names) beside the shards. Without it mosaics read every label once and sort the names, which is slow
 * over http and gives train and test shards the same order only if both have every class; plain shards then have no classes.
 *
 * With `options.index` shards are walked, and labels read, only where that was not done before (see {@link openShards}); scenes have no index.
 *
 * Read `warnings` of what comes back: shards that are cut off are opened as far as they go. The caller closes the source.
 *
 * @throws `unknown-name` for an option that does not exist; `invalid-argument` for one that cannot be met; `missing-data` when no file matches, there is
 *   no picture, or the tiles of a mosaic have no class; `corrupt-data` for a file that is no tar archive; `io` and `unavailable` as the readers do.
 * @example (await openSource('scenes?count=100&split=test')).size // 100
 */
export async function openSource(spec: string, { index }: { readonly index?: IndexStore } = {}): Promise<SampleSource> {
  const parsed = parseSourceSpec(spec);
  if (parsed.kind === 'scenes') return sceneSource(parsed.options);
  const source = await openPattern(parsed.pattern, {
    unnamed: parsed.kind === 'mosaic' ? 'collect' : undefined,
    index,
  });
  if (parsed.kind === 'shards') return source;
  try {
    return mosaicSource(source, parsed.options);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openPattern(
  pattern: string,
  { unnamed, index }: { unnamed: 'collect' | undefined; index: IndexStore | undefined },
): Promise<SampleSource> {
  const names = isUrl(pattern) ? expandBraces(pattern) : await findFiles(pattern).catch(explainMissing(pattern));
  const classNames = (await classNamesBeside(names)) ?? unnamed;
  return openShards({ shards: await openReaders(names), decode: decodeWithSharp, classNames, index });
}

async function openReaders(names: readonly string[]): Promise<Shard[]> {
  const pool = filePool();
  const budget = { remaining: DOWNLOAD_BUDGET };
  const place = limiter(OPENED_AT_ONCE);
  const open = (name: string): Promise<RangeReader> => (isUrl(name) ? httpReader(name, { budget }) : pool.reader(name));
  const results = await Promise.allSettled(names.map((name) => place(async () => ({ name, reader: await open(name) }))));
  const shards = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return shards;
  await Promise.all(shards.map(({ reader }) => reader.close?.()));
  throw failed.reason;
}

/** A bare word that is no file was probably meant to be the name of a source. */
function explainMissing(pattern: string): (error: unknown) => never {
  return (error) => {
    throw /^\w+$/.test(pattern) ? unknownSource(pattern) : error;
  };
}
