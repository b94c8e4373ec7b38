import type { MlpConfig, MlpLayer } from './mlp.ts';

const hiddenLayer = (width: number, bias = true): MlpLayer => ({ width, bias, norm: 'affine', activation: 'relu' });

/**
 * The projector of CLIP-Rocket's strong views, for `initMlp` and `applyMlp`: `D -> 4096 -> 4096 -> outputs`. (Three linear layers, where a
 * survey speaks of two. Weak views go through a single linear map without a bias.)
 *
 * @param sizes `hidden` width, 4096 by default, and `outputs`, the width of the joint space; 256 in all published runs
 * @see "Improved baselines for vision-language pre-training", Fini et al. 2023 (arXiv 2305.08675); code facebookresearch/clip-rocket,
 *   `models.py`, also for the other projectors here
 * @example clipRocketProjector(2048).layers.length // 3
 */
export function clipRocketProjector(width: number, sizes: { hidden?: number; outputs?: number } = {}): MlpConfig {
  const { hidden = 4096, outputs = 256 } = sizes;
  return { width, layers: [hiddenLayer(hidden), hiddenLayer(hidden), { width: outputs }] };
}

/**
 * The projector of BarLIP: `D -> 3000 -> 3000 -> 8192`, with a batch norm at its end.
 *
 * @param sizes `hidden` and `outputs`, where they are others than these
 * @example barLipProjector(2048).layers[2].width // 8192
 */
export function barLipProjector(width: number, sizes: { hidden?: number; outputs?: number } = {}): MlpConfig {
  const { hidden = 3000, outputs = 8192 } = sizes;
  return { width, layers: [hiddenLayer(hidden), hiddenLayer(hidden), { width: outputs, norm: 'affine' }] };
}

/**
 * The projector of SiamLIP and BYOLIP: `D -> 2048 -> 128` without biases, a batch norm without parameters at its end. Weak and strong views
 * share its parameters and the statistics of layer 0, but each have statistics of layer 1 of their own.
 *
 * @param sizes `hidden` and `outputs`, where they are others than these
 * @example siamLipProjector(2048).layers[1] // { width: 128, bias: false, norm: 'plain' }
 */
export function siamLipProjector(width: number, sizes: { hidden?: number; outputs?: number } = {}): MlpConfig {
  const { hidden = 2048, outputs = 128 } = sizes;
  return { width, layers: [hiddenLayer(hidden, false), { width: outputs, bias: false, norm: 'plain' }] };
}

/**
 * The predictor of SiamLIP and BYOLIP: `128 -> 2048 -> 128`, the second layer with a bias.
 *
 * @param sizes `hidden` and `outputs` of the projector, where they are others than these
 * @example siamLipPredictor().width // 128
 */
export function siamLipPredictor(sizes: { hidden?: number; outputs?: number } = {}): MlpConfig {
  const { hidden = 2048, outputs = 128 } = sizes;
  return { width: outputs, layers: [hiddenLayer(hidden, false), { width: outputs }] };
}

/**
 * The projector of the textbook form of SwALIP, whose output is divided by its length and compared with prototypes: `D -> 2048 -> 128`.
 *
 * @example swaLipProjector(2048).layers[1] // { width: 128 }
 */
export function swaLipProjector(width: number): MlpConfig {
  return { width, layers: [hiddenLayer(2048), { width: 128 }] };
}
