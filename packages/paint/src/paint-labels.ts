import type { Rgb } from './oklab.ts';

/**
 * The colours of a label map.
 *
 * @param labels `[pixels]`, each an index into `colors`
 * @returns `[pixels * 3]`, 0 to 255
 * @example paintLabels(Uint8Array.of(1), [[0, 0, 0], [255, 0, 0]]) // Uint8Array [255, 0, 0]
 */
export function paintLabels(labels: Uint8Array, colors: readonly Readonly<Rgb>[]): Uint8Array {
  const rgb = new Uint8Array(labels.length * 3);
  labels.forEach((label, i) => {
    rgb.set(colors[label], i * 3);
  });
  return rgb;
}

/**
 * A picture covered by the colours of a label map of the same size.
 *
 * @param picture `[pixels * 3]`, 0 to 255
 * @param opacity of the colours, in [0, 1]
 * @returns `[pixels * 3]`
 * @example overlayLabels(Uint8Array.of(255, 255, 255), Uint8Array.of(0), [[0, 0, 0]], 0.2) // Uint8Array [204, 204, 204]
 */
export function overlayLabels(
  picture: Uint8Array,
  labels: Uint8Array,
  colors: readonly Readonly<Rgb>[],
  opacity = 0.5,
): Uint8Array {
  return paintLabels(labels, colors).map((value, i) => Math.round(opacity * value + (1 - opacity) * picture[i]));
}
