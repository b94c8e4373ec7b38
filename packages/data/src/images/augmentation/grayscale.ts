import type { RgbImage } from '../../sample.ts';

/**
 * Brightness of a pixel as eyes see it, `0.299 R + 0.587 G + 0.114 B` (ITU-R BT.601), rounded to a level with Pillow's weights of 16 bits.
 *
 * @see Pillow, src/libImaging/Convert.c, rgb2l
 */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/** The image in gray, all channels its {@link luma}: bit for bit Pillow's `convert('L')`, as torchvision's `RandomGrayscale` leaves it. */
export function grayscale({ width, height, data }: RgbImage): RgbImage {
  const gray = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const level = luma(data[i], data[i + 1], data[i + 2]);
    gray[i] = level;
    gray[i + 1] = level;
    gray[i + 2] = level;
  }
  return { width, height, data: gray };
}
