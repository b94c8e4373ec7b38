import { VitrailError } from '@vitrail/core';
import type { SampleSource } from '../sample.ts';
import { about, makeSample, requireReadable, type SampleOptions } from './make-sample.ts';
import type { RangeReader } from './range-reader.ts';
import { indexShard } from './shard-index.ts';

/** A file of a folder: its path from there, and how to read it. */
export type FolderFile = { readonly path: string; readonly reader: RangeReader };

/**
 * A source of the pictures of a folder, with what lies beside them: `KEY.jpg|jpeg|png|webp`, `KEY.txt`, `KEY.json`, `KEY.cls`, as in the
 * shards of {@link openShards}, but as files of their own. Samples are in the order of their paths. Nothing is read before a sample is.
 *
 * The source owns the readers and closes them.
 *
 * @param name of the folder, for messages.
 * @throws `missing-data` when there is no picture among the files.
 * @example
 * const files = [...input.files].map((file) => ({ path: file.webkitRelativePath, reader: blobReader(file) }));
 * (await folderSource('pictures', files, { decode }).read(0)).captions; // { alt: 'a dog on a beach' }
 */
export function folderSource(name: string, files: readonly FolderFile[], options: SampleOptions): SampleSource {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  // The place of a file takes that of its bytes in a shard.
  const index = indexShard(sorted.map(({ path, reader }, place) => ({ name: path, offset: place, size: reader.size })));
  const { size, withoutImage } = index;
  if (size === 0) {
    throw new VitrailError('missing-data', `no picture (.jpg, .jpeg, .png, .webp) among the ${files.length} files of ${name}`);
  }
  const some = `${withoutImage.slice(0, 3).join(', ')}${withoutImage.length > 3 ? ', ...' : ''}`;
  const { classNames } = options;
  return {
    description: `${size} ${size === 1 ? 'picture' : 'pictures'} of ${name}`,
    size,
    ...(classNames && { classNames }),
    hasLabelMaps: false,
    warnings: withoutImage.length > 0 ? [`texts or labels without a picture: ${withoutImage.length} (${some})`] : [],
    key: (sample) => index.key(sample),
    async read(sample) {
      if (!(Number.isInteger(sample) && sample >= 0 && sample < size)) {
        throw new VitrailError('invalid-argument', `pictures are numbered from 0 to ${size - 1}, but ${sample} was asked for`);
      }
      const [key, members] = [index.key(sample), index.members(sample)];
      await about(key, () => requireReadable(members));
      const bytes = await about(key, () =>
        Promise.all(members.map(({ offset, size: length }) => sorted[offset].reader.read(0, length))),
      );
      return makeSample({ place: key, key, members, bytes }, options);
    },
    async close() {
      await Promise.all(sorted.map(({ reader }) => reader.close?.()));
    },
  };
}
