import type { Sample, SampleSource } from '../sample.ts';
import { collectClassNames } from './class-names.ts';
import { indexShards, type Shard } from './index-shards.ts';
import { decodeKeptIndex, encodeKeptIndex, type IndexStore, type KeptIndex } from './kept-index.ts';
import { about, makeSample, requireReadable, type SampleOptions } from './make-sample.ts';
import type { RangeReader } from './range-reader.ts';
import { parseFields } from './sample-fields.ts';
import { isImageExtension, type ShardMember } from './shard-index.ts';

/** What {@link openShards} needs to know. */
export type ShardOptions = Omit<SampleOptions, 'classNames'> & {
  /** In the order in which the samples are to be numbered. */
  readonly shards: readonly Shard[];
  /**
   * What class labels (the `.cls` member, else the json field `label`, `cls` or `class`: a whole number or a name) index. `'collect'`: found by
   * reading the labels of every sample once: the sorted names, or for whole numbers the json field `name`, else `class 3`; none without labels.
   */
  readonly classNames?: readonly string[] | 'collect';
  /** Where the index of the shards is kept from one opening to the next. Without it every opening walks all headers. */
  readonly index?: IndexStore;
};

/** Members this close together are read in one go rather than one by one. */
const WORTH_READING_THROUGH = 1 << 16;

/**
 * A source of the samples in WebDataset shards (tar files of `KEY.jpg|jpeg|png|webp`, `KEY.txt`, `KEY.json`, `KEY.cls`; the layout that img2dataset
 * writes too). Opening walks the tar headers once; from then on every sample can be read at once, so shuffling covers the whole epoch. With
 * `options.index` the next opening reads nothing of shards whose name, size and `version` are the same, nor their labels again, so that resuming takes
 * milliseconds.
 *
 * Shards that are cut off keep their complete samples and are named in `warnings`. The source owns the readers and closes them.
 *
 * @throws `corrupt-data` when a shard is no tar archive; `missing-data` when no shard holds a picture; whatever `options.index` throws.
 * @example
 * const source = await openShards({ shards: [{ name: 'train-0000.tar', reader: blobReader(file) }], decode });
 * (await source.read(0)).captions; // { alt: 'a dog on a beach' }
 */
export async function openShards(options: ShardOptions): Promise<SampleSource> {
  const { shards, decode, captionFields, index: store } = options;
  const close = async () => {
    await Promise.all(shards.map(({ reader }) => reader.close?.()));
  };
  try {
    const kept = await loadIndex(store);
    const { size, locate, warnings, indexed } = await indexShards(shards, kept?.shards);
    const isKept = kept?.shards.length === indexed.length && kept.shards.every((shard, s) => shard === indexed[s]);
    const fieldsAt = async (index: number) => {
      const { shard, key, members } = locate(index);
      const texts = members().filter(({ extension }) => !isImageExtension(extension));
      const name = `${shard.name}: ${key}`;
      const bytes = await about(name, () => readMembers(shard.reader, texts));
      return about(`${name}.json`, () => parseFields(texts, bytes));
    };
    let collected = isKept ? kept.collected : undefined;
    if (options.classNames === 'collect') collected ??= { classNames: await collectClassNames(size, fieldsAt) };
    if (!(isKept && collected === kept.collected)) await store?.save(encodeKeptIndex({ shards: indexed, collected }));
    const classNames = options.classNames === 'collect' ? collected?.classNames : options.classNames;

    const source: SampleSource = {
      description: `${size} samples in ${shards.length} ${shards.length === 1 ? 'shard' : 'shards'} (${shards[0].name}${shards.length > 1 ? ', ...' : ''})`,
      size,
      classNames,
      hasLabelMaps: false,
      warnings,
      key: (index) => locate(index).key,
      async read(index): Promise<Sample> {
        const { shard, key, members: listed } = locate(index);
        const name = `${shard.name}: ${key}`;
        const members = listed();
        const bytes = await about(name, () => readMembers(shard.reader, members));
        return makeSample({ place: name, key, members, bytes }, { decode, captionFields, classNames });
      },
      close,
    };
    // Labelled pictures show one thing each.
    return classNames?.length ? { ...source, singles: () => ({ ...source, close: async () => {} }) } : source;
  } catch (error) {
    await close();
    throw error;
  }
}

async function loadIndex(store: IndexStore | undefined): Promise<KeptIndex | undefined> {
  const bytes = await store?.load();
  return bytes && decodeKeptIndex(bytes);
}

/** The bytes of members given in the order of their offsets; neighbours, as a sample's members almost always are, in one read. */
async function readMembers(reader: RangeReader, members: readonly ShardMember[]): Promise<Uint8Array[]> {
  if (members.length === 0) return [];
  requireReadable(members);
  const from = members[0].offset;
  const last = members[members.length - 1];
  const span = last.offset + last.size - from;
  const needed = members.reduce((sum, member) => sum + member.size, 0);
  if (span - needed > WORTH_READING_THROUGH) return Promise.all(members.map(({ offset, size }) => reader.read(offset, size)));
  const bytes = await reader.read(from, span);
  return members.map(({ offset, size }) => bytes.subarray(offset - from, offset - from + size));
}
