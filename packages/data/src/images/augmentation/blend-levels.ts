/**
 * Pillow's `Image.blend` of the levels `from` and `to`: `from + factor (to - from)` in single precision, clipped to 0 .. 255, the fraction cut off.
 * A factor above 1 goes beyond `to`.
 *
 * @see Pillow, src/libImaging/Blend.c
 */
export function blendLevels(from: number, to: number, factor: number): number {
  const level = Math.fround(from + Math.fround(Math.fround(factor) * (to - from)));
  return level <= 0 ? 0 : level >= 255 ? 255 : Math.trunc(level);
}
