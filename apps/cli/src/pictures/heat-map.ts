/** Anchors of a perceptually even dark-to-light scale (viridis, sampled at five points). */
const anchors = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;

/** Values as colours, `[values * 3]`: the smallest dark, the largest light. */
export function paintHeatMap(values: Float32Array): Uint8Array {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const rgb = new Uint8Array(values.length * 3);
  values.forEach((value, i) => {
    const position = high > low ? ((value - low) / (high - low)) * (anchors.length - 1) : 0;
    const left = Math.min(Math.floor(position), anchors.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      const [from, to] = [anchors[left][channel], anchors[left + 1][channel]];
      rgb[i * 3 + channel] = Math.round(from + (to - from) * (position - left));
    }
  });
  return rgb;
}
