import { VitrailError } from '@vitrail/core';
import type { RgbImage } from '@vitrail/data';
import { pictureSize, SIZE_BYTES } from './picture-size.ts';

/** Largest picture that is decoded: 256 MiB while it is. */
const LARGEST = 64e6;

/**
 * A picture file as pixels, upright as its EXIF orientation says, transparency over white. Works in workers, where it never holds up a page.
 *
 * @param largestSide in pixels: larger pictures are scaled down to it
 * @throws `corrupt-data` for an empty file and for what no browser can show; `invalid-argument` above 64 megapixels
 * @example (await decodePicture(file, file.name, 1024)).width // 1024
 */
export async function decodePicture(blob: Blob, name: string, largestSide: number): Promise<RgbImage> {
  if (blob.size === 0) throw new VitrailError('corrupt-data', `${name} is empty: it has 0 bytes`);
  const size = pictureSize(new Uint8Array(await blob.slice(0, SIZE_BYTES).arrayBuffer()));
  if (size !== undefined && size.width * size.height > LARGEST) {
    const megapixels = Math.round((size.width * size.height) / 1e6);
    throw new VitrailError(
      'invalid-argument',
      `${name} has ${size.width} by ${size.height} pixels, ${megapixels} megapixels; at most ${LARGEST / 1e6} are opened: make it smaller first`,
    );
  }
  const bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image' }).catch((cause: unknown) => {
    const kind = blob.type.startsWith('image/') ? 'a damaged picture, or no picture at all' : 'no picture';
    throw new VitrailError('corrupt-data', `${name} is ${kind}: this browser cannot show it`, { cause });
  });
  const scale = Math.min(1, largestSide / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext('2d', { alpha: false, willReadFrequently: true })!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { width, height, data: withoutAlpha(context.getImageData(0, 0, width, height).data) };
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}
