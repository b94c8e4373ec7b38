import type { RgbImage } from '../../sample.ts';

/** The image whose every level `v`, in all three channels, is `level(v)`. */
export function mapLevels({ width, height, data }: RgbImage, level: (v: number) => number): RgbImage {
  const table = Uint8Array.from({ length: 256 }, (_, v) => level(v));
  const mapped = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) mapped[i] = table[data[i]];
  return { width, height, data: mapped };
}
