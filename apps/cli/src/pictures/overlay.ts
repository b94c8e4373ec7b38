/** The colours of a label map, `[pixels * 3]`. */
export function paintLabels(labels: Uint8Array, colors: readonly (readonly [number, number, number])[]): Uint8Array {
  const rgb = new Uint8Array(labels.length * 3);
  labels.forEach((label, i) => {
    rgb.set(colors[label], i * 3);
  });
  return rgb;
}

/** A picture half covered by the colours of a label map of the same size; all `[pixels * 3]`. */
export function overlayLabels(
  picture: Uint8Array,
  labels: Uint8Array,
  colors: readonly (readonly [number, number, number])[],
): Uint8Array {
  return paintLabels(labels, colors).map((value, i) => Math.round((value + picture[i]) / 2));
}
