import { isVitrailError, VitrailError } from '@vitrail/core';
import type { ImageDecoder, RgbImage, Sample } from '../sample.ts';
import { captionsOf, classIndexOf, DEFAULT_CAPTION_FIELDS, parseFields } from './sample-fields.ts';
import { isImageExtension, type ShardMember } from './shard-index.ts';

/** Above what a picture of 64 megapixels takes uncompressed: a member that large is damage, and is not read into memory. */
const MAXIMUM_MEMBER = 1 << 28;

/** How the files of a sample are read. */
export type SampleOptions = {
  readonly decode: ImageDecoder;
  /**
   * The json fields that hold captions; `alt`, `short`, `long`, `caption`, `captions` and `text` when absent. Each field that is a string, or an
   * array of strings, is the granularity of its own name; `caption`, `captions`, `text` and the `.txt` member are all `alt`. Blank texts are
   * dropped, equal ones kept once, several different ones of one granularity stay as an array.
   */
  readonly captionFields?: readonly string[];
  readonly classNames?: readonly string[];
};

/**
 * The sample that some files are: one picture, texts, a label.
 *
 * @param place the sample's name in messages.
 * @param bytes of the members, in the same order.
 * @throws `corrupt-data` naming the file that is damaged.
 */
export async function makeSample(
  { place, key, members, bytes }: { place: string; key: string; members: readonly ShardMember[]; bytes: readonly Uint8Array[] },
  { decode, captionFields = DEFAULT_CAPTION_FIELDS, classNames }: SampleOptions,
): Promise<Sample> {
  const picture = members.findIndex(({ extension }) => isImageExtension(extension));
  const image = await about(`${place}.${members[picture].extension}`, () => decoded(decode, bytes[picture]));
  const fields = await about(`${place}.json`, () => parseFields(members, bytes));
  const classIndex = await about(place, () => classIndexOf(fields, classNames));
  return { key, image, captions: captionsOf(fields, captionFields), ...(classIndex === undefined ? {} : { classIndex }) };
}

/** Throws `corrupt-data` where a member is too large to be read. */
export function requireReadable(members: readonly ShardMember[]): void {
  const large = members.find(({ size }) => size > MAXIMUM_MEMBER);
  if (large === undefined) return;
  throw new VitrailError('corrupt-data', `its .${large.extension} has ${large.size} bytes, too many for a picture or a text`);
}

/** The picture, or `corrupt-data`: a decoder may reject damage with errors of its own. */
async function decoded(decode: ImageDecoder, bytes: Uint8Array): Promise<RgbImage> {
  try {
    return await decode(bytes);
  } catch (error) {
    if (isVitrailError(error)) throw error;
    throw new VitrailError('corrupt-data', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Runs `work`, putting `name` in front of `corrupt-data`. Other errors pass as they are: a disk that fails is not the member's fault. */
export async function about<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(isVitrailError(error) && error.code === 'corrupt-data')) throw error;
    throw new VitrailError('corrupt-data', `${name}: ${error.message}`, { cause: error });
  }
}
