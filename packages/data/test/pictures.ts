import sharp from 'sharp';
import type { RgbImage } from '../src/sample.ts';

/** A picture whose every pixel tells where it is: red `x`, green `y`, blue `x + y` (modulo 256, `step` apart). */
export function gradient(width: number, height: number, step = 1): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) data.set([x * step, y * step, (x + y) * step], at);
  }
  return { width, height, data };
}

/** A picture of one colour. */
export function flat(width: number, height: number, colour: readonly [number, number, number]): RgbImage {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3]) };
}

/** The bytes of a PNG file. */
export async function png({ width, height, data }: RgbImage): Promise<Uint8Array> {
  return new Uint8Array(
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer(),
  );
}

/** The bytes of a JPEG file. */
export async function jpeg({ width, height, data }: RgbImage): Promise<Uint8Array> {
  return new Uint8Array(
    await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 95 })
      .toBuffer(),
  );
}
