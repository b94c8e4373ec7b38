import { VitrailError } from '@vitrail/core';
import type { RgbImage } from '../sample.ts';

/** 64 million: larger than cameras make, small enough that a forged header cannot fill the memory. */
const MAXIMUM_PIXELS = 1 << 26;

/**
 * Decodes a JPEG, PNG or WebP file (and what else the installed `sharp` reads) to 8-bit sRGB.
 *
 * The EXIF orientation is applied. Gray, CMYK, palette and 16-bit pictures and pictures with an ICC profile become 8-bit sRGB. Transparent
 * pictures are laid over white, as a browser shows them on a white page; Pillow's `convert('RGB')` shows the colours under the transparency instead. Of
 * an animation the first frame counts.
 *
 * @returns pixels that the caller may keep.
 * @throws `corrupt-data` for bytes that are truncated, damaged, no image, or above 64 megapixels; `unavailable` when `sharp` cannot be loaded.
 */
export async function decodeWithSharp(bytes: Uint8Array): Promise<RgbImage> {
  const sharp = await loadSharp();
  if (bytes.length === 0) throw new VitrailError('corrupt-data', 'the file is empty');
  try {
    const { data, info } = await sharp(bytes, { failOn: 'error', limitInputPixels: MAXIMUM_PIXELS, autoOrient: true })
      .flatten({ background: '#fff' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { width: info.width, height: info.height, data: info.channels === 3 ? pixels : repeatGray(pixels, info.channels) };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
    throw new VitrailError('corrupt-data', `not a picture that can be decoded: ${reason}`, { cause: error });
  }
}

/** Loaded on first use, so that sources without files work where `sharp` has no build. */
async function loadSharp(): Promise<typeof import('sharp').default> {
  try {
    return (await import('sharp')).default;
  } catch (error) {
    throw new VitrailError(
      'unavailable',
      `decoding images needs the package sharp, which cannot be loaded: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

function repeatGray(pixels: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((pixels.length / channels) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += channels, to += 3) rgb.fill(pixels[from], to, to + 3);
  return rgb;
}
