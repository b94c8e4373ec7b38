import type { IndexedShard } from './index-shards.ts';
import { readColumns, type ShardColumns } from './shard-index.ts';

/**
 * Where what opening has found out about shards is kept, so that opening them again takes milliseconds: a file, a record of IndexedDB. What is saved
 * replaces what was saved before, and takes about sixty bytes and the key per sample of three members.
 */
export interface IndexStore {
  /** What was saved last, `undefined` when nothing was. Bytes that are damaged, or of other shards, do no harm: the shards are walked then. */
  load(): Promise<Uint8Array | undefined>;
  /** Called once by opening, when there is anything that was not loaded. */
  save(bytes: Uint8Array): Promise<void>;
}

/** What an {@link IndexStore} holds. */
export type KeptIndex = {
  readonly shards: readonly IndexedShard[];
  /** What reading every label of these shards, in this order, gave; absent when they were not read. */
  readonly collected?: { readonly classNames?: readonly string[] };
};

/** The JSON of a file; the columns of the shards follow it. */
type Heading = Pick<KeptIndex, 'collected'> & {
  readonly shards: readonly (Omit<IndexedShard, 'index'> & {
    readonly withoutImage: readonly string[];
    readonly samples: number;
    readonly members: number;
    readonly keyBytes: number;
  })[];
};

/** "VTRLIDX1" in little-endian words: another format, or the file of a machine of the other byte order, has others. */
const MAGIC = [0x4c525456, 0x31584449];

/** The magic, the checksum of all behind it, and the length of the heading. */
const PREFIX = 16;

/**
 * A kept index as bytes: sixteen bytes (magic, checksum, length of the heading), a heading in JSON, and the columns of each shard as they lie in
 * memory, so that decoding copies and parses nothing that grows with the number of samples. All parts are padded to multiples of eight bytes.
 */
export function encodeKeptIndex({ shards, collected }: KeptIndex): Uint8Array {
  const heading: Heading = {
    collected,
    shards: shards.map(({ index, ...shard }) => ({
      ...shard,
      withoutImage: index.withoutImage,
      samples: index.size,
      members: index.columns.sizes.length,
      keyBytes: index.columns.keys.length,
    })),
  };
  const text = new TextEncoder().encode(JSON.stringify(heading));
  const parts = [text, ...shards.flatMap(({ index }) => inOrder(index.columns))];
  const bytes = new Uint8Array(PREFIX + parts.reduce((sum, { byteLength }) => sum + padded(byteLength), 0));
  let at = PREFIX;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += padded(byteLength);
  }
  const words = new Uint32Array(bytes.buffer);
  words.set([...MAGIC, 0, text.length]);
  words[2] = checksum(words);
  return bytes;
}

/** The index that {@link encodeKeptIndex} wrote, or `undefined` when the bytes are anything else or were damaged since. It may share their memory. */
export function decodeKeptIndex(bytes: Uint8Array): KeptIndex | undefined {
  if (bytes.length < PREFIX || bytes.length % 8 !== 0) return undefined;
  const { buffer, byteOffset } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(buffer, byteOffset, bytes.length / 4);
  if (words[0] !== MAGIC[0] || words[1] !== MAGIC[1] || words[2] !== checksum(words)) return undefined;

  let at = byteOffset + PREFIX;
  const take = <T>(length: number, array: (at: number) => T): T => {
    const taken = array(at);
    at += padded(length);
    return taken;
  };
  const numbers = (length: number) => take(8 * length, (from) => new Float64Array(buffer, from, length));
  const places = (length: number) => take(4 * length, (from) => new Uint32Array(buffer, from, length));
  const octets = (length: number) => take(length, (from) => new Uint8Array(buffer, from, length));

  const heading = JSON.parse(new TextDecoder().decode(octets(words[3]))) as Heading;
  const shards = heading.shards.map(({ withoutImage, samples, members, keyBytes, ...shard }): IndexedShard => {
    const columns = {
      offsets: numbers(members),
      sizes: numbers(members),
      firstMember: places(samples + 1),
      keyStart: places(samples + 1),
      extensions: octets(members),
      keys: octets(keyBytes),
    };
    return { ...shard, index: readColumns(columns, withoutImage) };
  });
  return { shards, collected: heading.collected };
}

/** The widest first, as {@link decodeKeptIndex} takes them. */
function inOrder({ offsets, sizes, firstMember, keyStart, extensions, keys }: ShardColumns) {
  return [offsets, sizes, firstMember, keyStart, extensions, keys];
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Of the words behind the checksum's own, by rotating, xor and multiplying: a gigabyte in a second, and no single damaged word goes unseen. */
function checksum(words: Uint32Array): number {
  let sum = 0;
  for (let i = 3; i < words.length; i++) sum = Math.imul(((sum << 5) | (sum >>> 27)) ^ words[i], 0x9e3779b1);
  return sum >>> 0;
}
