import { VitrailError } from '@vitrail/core';
import type { RangeReader } from './range-reader.ts';
import { indexShard, type ShardIndex, type ShardMember } from './shard-index.ts';
import { indexTar } from './tar.ts';

/** One tar file of a set: its name, for messages, and how to read it. */
export type Shard = { readonly name: string; readonly reader: RangeReader };

/** What walking a shard finds out. It holds for the shard as long as its name, size and version are these. */
export type IndexedShard = {
  readonly name: string;
  readonly size: number;
  readonly version?: string;
  readonly index: ShardIndex;
  /** How the shard is cut off, if it is. */
  readonly cut?: string;
};

/** Where sample `index` of a set of shards lies. */
export type ShardPlace = { readonly shard: Shard; readonly key: string; members(): ShardMember[] };

const INDEXED_AT_ONCE = 8;

/**
 * The samples of all shards under one numbering, with what a user should know of damaged shards. Shards that are among the `known` ones, with the
 * same name, size and version, are not read.
 *
 * @throws `corrupt-data` when a shard is no tar archive; `missing-data` when there is no picture in any.
 */
export async function indexShards(
  shards: readonly Shard[],
  known: readonly IndexedShard[] = [],
): Promise<{ size: number; warnings: string[]; indexed: readonly IndexedShard[]; locate(index: number): ShardPlace }> {
  const indexed: IndexedShard[] = new Array(shards.length);
  const knownBy = new Map(known.map((shard) => [identity(shard), shard]));
  let next = 0;
  /** One shard that cannot be read is enough: the others need not be walked for nothing. */
  const stop = (error: unknown): never => {
    next = shards.length;
    throw error;
  };
  const work = async () => {
    while (next < shards.length) {
      const s = next++;
      const { name, reader } = shards[s];
      const { size, version } = reader;
      indexed[s] = knownBy.get(identity({ name, size, version })) ?? (await walk(shards[s]).catch(stop));
    }
  };
  // Settled, not raced: nothing may still be reading when the caller closes the readers after a failure.
  const results = await Promise.allSettled(Array.from({ length: INDEXED_AT_ONCE }, work));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;

  const warnings = indexed.flatMap(({ name, cut, index: { size } }) => {
    const kept = size === 1 ? '1 complete sample is kept' : `${size} complete samples are kept`;
    return cut === undefined ? [] : [`${name}: ${cut}; ${kept}`];
  });
  if (warnings.length > 0 && shards.length > 1) warnings.unshift(`${warnings.length} of ${shards.length} shards are cut off`);
  const bare = indexed.flatMap(({ name, index }) => index.withoutImage.map((key) => `${name}: ${key}`));
  if (bare.length > 0) {
    const some = bare.sort().slice(0, 3).join(', ');
    warnings.push(
      `${bare.length} ${bare.length === 1 ? 'key has' : 'keys have'} no picture (${some}${bare.length > 3 ? ', ...' : ''})`,
    );
  }

  const first = new Float64Array(shards.length + 1);
  indexed.forEach(({ index }, s) => {
    first[s + 1] = first[s] + index.size;
  });
  const size = first[shards.length];
  if (size === 0) {
    const names = shards.slice(0, 3).map(({ name }) => name);
    throw new VitrailError(
      'missing-data',
      [`no picture (.jpg, .jpeg, .png, .webp) in ${names.join(', ')}`, ...warnings].join('; '),
    );
  }
  const locate = (index: number): ShardPlace => {
    if (!(Number.isInteger(index) && index >= 0 && index < size)) {
      throw new VitrailError('invalid-argument', `samples are numbered from 0 to ${size - 1}, but ${index} was asked for`);
    }
    const s = shardOf(first, index);
    const local = index - first[s];
    const own = indexed[s].index;
    return { shard: shards[s], key: own.key(local), members: () => own.members(local) };
  };
  return { size, warnings, indexed, locate };
}

async function walk({ name, reader }: Shard): Promise<IndexedShard> {
  const { members, truncation } = await indexTar(reader, name);
  return { name, size: reader.size, version: reader.version, index: indexShard(members), cut: truncation?.reason };
}

function identity({ name, size, version }: Pick<IndexedShard, 'name' | 'size' | 'version'>): string {
  return JSON.stringify([name, size, version]);
}

/** The last `s` with `first[s] <= index`, by bisection. */
function shardOf(first: Float64Array, index: number): number {
  let low = 0;
  let high = first.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (first[middle] <= index) low = middle;
    else high = middle;
  }
  return low;
}
