import { isVitrailError, VitrailError } from '@vitrail/core';
import type { RgbImage } from '../sample.ts';
import { type DecodedLike, decodeWithSharp } from './decode-with-sharp.ts';

/**
 * {@link decodeWithSharp} for a file that a person named: the error says which one it was.
 *
 * @param name of the file, for messages
 * @param options.like as of `decodeWithSharp`
 * @throws `corrupt-data` as `decodeWithSharp` does, with the name in front; `unavailable` when `sharp` cannot be loaded.
 * @example (await decodeImage(await readFile('cat.jpg'), 'cat.jpg')).data.length // height * width * 3
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  options: { readonly like?: DecodedLike } = {},
): Promise<RgbImage> {
  try {
    return await decodeWithSharp(bytes, options);
  } catch (error) {
    if (isVitrailError(error) && error.code === 'corrupt-data') {
      throw new VitrailError('corrupt-data', `${name}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
