import type { MlpConfig, MlpLayer } from './mlp.ts';

const hidden = (width: number, bias = true): MlpLayer => ({ width, bias, norm: 'affine', activation: 'relu' });

/**
 * The projector of CLIP-Rocket's strong views, for `initMlp` and `applyMlp`: `D -> 4096 -> 4096 -> outputs`. (Three linear layers, where a
 * survey speaks of two. Weak views go through a single linear map without a bias.)
 *
 * @param outputs width of the joint space; 256 in all published runs
 * @see "Improved baselines for vision-language pre-training", Fini et al. 2023 (arXiv 2305.08675); code facebookresearch/clip-rocket,
 *   `models.py`, also for the other projectors here
 * @example clipRocketProjector(2048).layers.length // 3
 */
export function clipRocketProjector(width: number, outputs = 256): MlpConfig {
  return { width, layers: [hidden(4096), hidden(4096), { width: outputs }] };
}

/**
 * The projector of BarLIP: `D -> 3000 -> 3000 -> 8192`, with a batch norm at its end.
 *
 * @example barLipProjector(2048).layers[2].width // 8192
 */
export function barLipProjector(width: number): MlpConfig {
  return { width, layers: [hidden(3000), hidden(3000), { width: 8192, norm: 'affine' }] };
}

/**
 * The projector of SiamLIP and BYOLIP: `D -> 2048 -> 128` without biases, a batch norm without parameters at its end. Weak and strong views
 * share its parameters and the statistics of layer 0, but each have statistics of layer 1 of their own.
 *
 * @example siamLipProjector(2048).layers[1] // { width: 128, bias: false, norm: 'plain' }
 */
export function siamLipProjector(width: number): MlpConfig {
  return { width, layers: [hidden(2048, false), { width: 128, bias: false, norm: 'plain' }] };
}

/** The predictor of SiamLIP and BYOLIP: `128 -> 2048 -> 128`, the second layer with a bias. */
export const siamLipPredictor: MlpConfig = { width: 128, layers: [hidden(2048, false), { width: 128 }] };

/**
 * The projector of the textbook form of SwALIP, whose output is divided by its length and compared with prototypes: `D -> 2048 -> 128`.
 *
 * @example swaLipProjector(2048).layers[1] // { width: 128 }
 */
export function swaLipProjector(width: number): MlpConfig {
  return { width, layers: [hidden(2048), { width: 128 }] };
}
