import { VitrailError } from '@vitrail/core';
import type { RgbImage } from '../sample.ts';

/** 64 million: larger than cameras make, small enough that a forged header cannot fill the memory. */
const MAXIMUM_PIXELS = 1 << 26;

/**
 * Whose colours a decoded picture has.
 *
 * - `browser`: profiles are heeded, and transparent pictures laid over white, as on a white page.
 * - `transformers`: numbers as they are stored, whatever a profile says, and over white (transformers 5, `convert_to_rgb`).
 * - `pillow`: numbers as they are stored, and the colours under the transparency (`Image.convert('RGB')`; open_clip, DINOv2).
 *
 * The last two turn CMYK to RGB without a profile: `(255 - c) (255 - k) / 255`.
 */
export type DecodedLike = 'browser' | 'transformers' | 'pillow';

/**
 * Decodes a JPEG, PNG or WebP file (and what else the installed `sharp` reads) to 8-bit sRGB.
 *
 * The EXIF orientation is applied. Gray, CMYK, palette and 16-bit pictures (their upper 8 bits) and pictures with an ICC profile become 8-bit sRGB. Of an
 * animation the first frame counts. With `like` as Pillow or transformers the pixels are theirs to the bit, after `ImageOps.exif_transpose`, but for
 * 16-bit gray, which Pillow clips at 255 of 65535, and a difference of at most 1 where colours are laid over white.
 *
 * @param options.like `browser` by default
 * @returns pixels that the caller may keep.
 * @throws `corrupt-data` for bytes that are truncated, damaged, no image, or above 64 megapixels; `unavailable` when `sharp` cannot be loaded.
 */
export async function decodeWithSharp(
  bytes: Uint8Array,
  { like = 'browser' }: { readonly like?: DecodedLike } = {},
): Promise<RgbImage> {
  const sharp = await loadSharp();
  if (bytes.length === 0) throw new VitrailError('corrupt-data', 'the file is empty');
  try {
    const ignoreIcc = like !== 'browser';
    const file = sharp(bytes, { failOn: 'error', limitInputPixels: MAXIMUM_PIXELS, autoOrient: true, ignoreIcc });
    if (ignoreIcc && (await file.metadata()).space === 'cmyk') file.pipelineColourspace('cmyk').toColourspace('cmyk');
    const opaque = like === 'pillow' ? file.removeAlpha() : file.flatten({ background: '#fff' });
    const { data, info } = await opaque.raw().toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { width: info.width, height: info.height, data: asRgb(pixels, info.channels) };
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

/** Three channels of the one of gray pictures or the four of CMYK, which stay CMYK only where no profile is to be heeded. */
function asRgb(pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return pixels;
  const rgb = new Uint8Array((pixels.length / channels) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += channels, to += 3) {
    if (channels === 4) {
      const light = 255 - pixels[from + 3];
      for (let c = 0; c < 3; c++) rgb[to + c] = light - Math.round((pixels[from + c] * light) / 255);
    } else {
      rgb.fill(pixels[from], to, to + 3);
    }
  }
  return rgb;
}
