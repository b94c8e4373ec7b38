/** Anchors of a perceptually even dark-to-light scale (viridis, sampled at five points). */
const anchors = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;

/**
 * Values as colours from dark to light (viridis), which colour-blind eyes and black and white prints keep in order.
 *
 * @param values `[n]`
 * @param range what is darkest and what is lightest, and all beyond; the smallest and the largest of the values by default
 * @returns `[n * 3]`, 0 to 255; the darkest everywhere where the range is empty
 * @example paintHeatMap(Float32Array.of(0, 1)) // Uint8Array [68, 1, 84, 253, 231, 37]
 */
export function paintHeatMap(values: Float32Array, range: readonly [low: number, high: number] = extent(values)): Uint8Array {
  const [low, high] = range;
  const rgb = new Uint8Array(values.length * 3);
  values.forEach((value, i) => {
    const share = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
    const position = share * (anchors.length - 1);
    const left = Math.min(Math.floor(position), anchors.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      const [from, to] = [anchors[left][channel], anchors[left + 1][channel]];
      rgb[i * 3 + channel] = Math.round(from + (to - from) * (position - left));
    }
  });
  return rgb;
}

function extent(values: Float32Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
