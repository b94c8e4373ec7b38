import type { TarMember } from './tar.ts';

/** Extensions (lower case, after the key's dot) of the member that makes a sample: its picture. */
export const IMAGE_EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp'] as const;

/** Their order is part of the file format of kept indices. */
const KNOWN_EXTENSIONS = [...IMAGE_EXTENSIONS, 'txt', 'json', 'cls'] as const;

/** What a member of a sample is, by its extension in lower case. */
export type ShardExtension = (typeof KNOWN_EXTENSIONS)[number];

/** One file of a sample: where its bytes lie in the shard. */
export type ShardMember = { readonly extension: ShardExtension; readonly offset: number; readonly size: number };

/** Where the members of a shard's samples lie, in typed arrays: with three members some sixty bytes and the key per sample. */
export type ShardColumns = {
  /** `[samples + 1]`: the members of sample `i` are those from `firstMember[i]` to `firstMember[i + 1] - 1`. */
  readonly firstMember: Uint32Array;
  /** `[members]`, the number of the {@link ShardExtension}. */
  readonly extensions: Uint8Array;
  /** `[members]`, bytes; within a sample in rising order. */
  readonly offsets: Float64Array;
  /** `[members]`, bytes. */
  readonly sizes: Float64Array;
  /** The keys in UTF-8, a byte between each two. */
  readonly keys: Uint8Array;
  /** `[samples + 1]`: key `i` begins at byte `keyStart[i]` and ends two before `keyStart[i + 1]`. */
  readonly keyStart: Uint32Array;
};

/** The samples of one shard, in the order in which they begin. */
export interface ShardIndex {
  readonly size: number;
  /** Keys that have texts or labels but no picture; they are no samples. */
  readonly withoutImage: readonly string[];
  readonly columns: ShardColumns;
  key(sample: number): string;
  /** In the order of their offsets. */
  members(sample: number): ShardMember[];
}

/**
 * Groups the members of a shard into samples by key, the WebDataset way: `a/b.jpg` and `a/b.json` are sample `a/b`; the key ends at the first
 * dot of the file's name. Names that begin with a dot, and extensions that are no picture, text or label, are passed over.
 *
 * Unlike WebDataset's reader, members of one key need not be neighbours. An extension that comes twice under one key begins another sample of that
 * key, so that joined shards lose nothing. Of two pictures of one key (`a.jpg`, `a.png`) the one that comes first is the sample's.
 *
 * @see https://github.com/webdataset/webdataset ("The WebDataset format")
 */
export function indexShard(members: readonly TarMember[]): ShardIndex {
  type Group = { key: string; members: ShardMember[] };
  const groups: Group[] = [];
  const latest = new Map<string, Group>();
  for (const { name, offset, size } of members) {
    const match = /^(?:\.\/)?((?:.*\/)?[^./][^./]*)\.([^/]+)$/s.exec(name);
    const extension = KNOWN_EXTENSIONS.find((known) => known === match?.[2].toLowerCase());
    if (match === null || extension === undefined) continue;
    const key = match[1];
    let group = latest.get(key);
    if (group === undefined || group.members.some((member) => member.extension === extension)) {
      group = { key, members: [] };
      groups.push(group);
      latest.set(key, group);
    }
    group.members.push({ extension, offset, size });
  }
  const hasImage = (group: Group) => group.members.some((member) => isImageExtension(member.extension));
  const samples = groups.filter(hasImage);

  const count = samples.reduce((sum, sample) => sum + sample.members.length, 0);
  const firstMember = new Uint32Array(samples.length + 1);
  const extensions = new Uint8Array(count);
  const offsets = new Float64Array(count);
  const sizes = new Float64Array(count);
  const { keys, keyStart } = packStrings(samples.map((sample) => sample.key));
  let at = 0;
  samples.forEach((sample, i) => {
    for (const member of sample.members.sort((a, b) => a.offset - b.offset)) {
      extensions[at] = KNOWN_EXTENSIONS.indexOf(member.extension);
      offsets[at] = member.offset;
      sizes[at] = member.size;
      at++;
    }
    firstMember[i + 1] = at;
  });
  return readColumns(
    { firstMember, extensions, offsets, sizes, keys, keyStart },
    groups.filter((group) => !hasImage(group)).map((group) => group.key),
  );
}

/** The index that columns make up. */
export function readColumns(columns: ShardColumns, withoutImage: readonly string[]): ShardIndex {
  const { firstMember, extensions, offsets, sizes, keys, keyStart } = columns;
  return {
    size: firstMember.length - 1,
    withoutImage,
    columns,
    key: (sample) => decoder.decode(keys.subarray(keyStart[sample], keyStart[sample + 1] - 1)),
    members: (sample) =>
      Array.from({ length: firstMember[sample + 1] - firstMember[sample] }, (_, k) => {
        const member = firstMember[sample] + k;
        return { extension: KNOWN_EXTENSIONS[extensions[member]], offset: offsets[member], size: sizes[member] };
      }),
  };
}

const decoder = new TextDecoder();

/** Whether a member of this extension is the picture of its sample. */
export function isImageExtension(extension: ShardExtension): boolean {
  return (IMAGE_EXTENSIONS as readonly string[]).includes(extension);
}

/** Many short strings as one run of bytes: millions of keys as string objects would weigh more than the rest of the index. */
function packStrings(strings: readonly string[]): Pick<ShardColumns, 'keys' | 'keyStart'> {
  const keys = new TextEncoder().encode(strings.join('\0'));
  const keyStart = new Uint32Array(strings.length + 1);
  let at = 0;
  for (let i = 0; i < strings.length; i++) {
    keyStart[i] = at;
    const end = keys.indexOf(0, at);
    at = (end < 0 ? keys.length : end) + 1;
  }
  keyStart[strings.length] = at;
  return { keys, keyStart };
}
