import type { Rng } from '@vitrail/core';
import type { RgbImage } from '../../sample.ts';
import { adjustBrightness, adjustContrast, adjustSaturation } from './enhance-colors.ts';
import { rotateHue } from './rotate-hue.ts';

/** How far colours may be changed, as torchvision's `ColorJitter` takes it; 0 leaves out that change. */
export type ColorJitter = {
  /** The factor is uniform in `[max(0, 1 - brightness), 1 + brightness]`. */
  readonly brightness: number;
  /** The same. */
  readonly contrast: number;
  /** The same. */
  readonly saturation: number;
  /** The turn is uniform in `[-hue, hue]`, in full turns of the colour wheel; at most 0.5. */
  readonly hue: number;
};

/** One change of colours: `amount` is the factor, or the turn of a hue. */
export type ColorChange = { readonly kind: keyof ColorJitter; readonly amount: number };

const KINDS = ['brightness', 'contrast', 'saturation', 'hue'] as const;
const CHANGES: Readonly<Record<keyof ColorJitter, (image: RgbImage, amount: number) => RgbImage>> = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: rotateHue,
};

/**
 * Draws what torchvision's `ColorJitter` draws: all orders alike, amounts uniform.
 *
 * Draws: the order, then the amounts of brightness, contrast, saturation and hue, without those that are left out.
 *
 * @returns the changes in the order in which they are made
 */
export function drawColorChanges(jitter: ColorJitter, rng: Rng): ColorChange[] {
  const order = rng.permutation(KINDS.length);
  const changes = KINDS.map((kind): ColorChange => {
    const range = jitter[kind];
    if (range === 0) return { kind, amount: kind === 'hue' ? 0 : 1 };
    return { kind, amount: kind === 'hue' ? rng.uniform(-range, range) : rng.uniform(Math.max(0, 1 - range), 1 + range) };
  });
  return Array.from(order, (i) => changes[i]).filter(({ kind }) => jitter[kind] !== 0);
}

/** Makes the changes one after the other, each rounded and clipped to 8 bits. */
export function changeColors(image: RgbImage, changes: readonly ColorChange[]): RgbImage {
  return changes.reduce((changed, { kind, amount }) => CHANGES[kind](changed, amount), image);
}
