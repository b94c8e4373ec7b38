import { type Tensor2D, tidy, transpose } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { l2Normalize, linear, type PrototypeScores } from '@vitrail/ops';
import type { HeadTrunkParams, PrototypeHeadParams, PrototypeParams } from './prototype-head.ts';

/** Scores of tokens against prototypes, not multiplied out: `features` `[T, d]` and `prototypes` `[d, K]`, both of unit vectors. */
export type HeadScores = Pick<PrototypeScores, 'features' | 'prototypes'>;

/**
 * A prototype (DINO) head: what tokens look like to it, and what it compares them with. Scores are `features prototypes`, cosines in
 * `[-1, 1]`; they are left unmultiplied, because `[T, K]` is the largest matrix of a training step and the losses need it in chunks only.
 *
 * `features = normalize(fc3(gelu(fc2(gelu(fc1(x))))))`, `prototypes[:, k] = directions[k] / ||directions[k]||`
 *
 * GELU is the exact one. The last layer has no bias and is weight-normalised with its gain fixed at 1: `norm_last_layer=True`, the
 * default of DINO and iBOT (DINOv2 trains the gain). Deviation: a direction of zeros stays zero, where PyTorch gives NaN.
 *
 * @param params a head, or a shared trunk and the prototypes of one head: `{ trunk: heads.trunk, ...heads.cls }`
 * @param x `[T, D]`, tokens of any number of samples
 * @returns `features` `[T, d]` and `prototypes` `[d, K]`, the caller's
 * @throws `shape-mismatch` when tokens and parameters do not fit together
 * @see "Emerging Properties in Self-Supervised Vision Transformers" (DINO), Caron et al. 2021 (arXiv 2104.14294), section 3.1 and
 *   appendix C; "Weight Normalization", Salimans, Kingma 2016 (arXiv 1602.07868), eq. 2
 * @example
 * const head = initPrototypeHead({ width: 96, hidden: 256, bottleneck: 64, prototypes: 512 }, createRng(0));
 * applyPrototypeHead(head, ones([10, 96])).features.shape // [10, 64]
 */
export function applyPrototypeHead(params: PrototypeHeadParams, x: Tensor2D): HeadScores {
  return tidy(() => {
    const features = applyHeadTrunk(params.trunk, x);
    const prototypes = unitPrototypes(params.prototypes);
    if (features.shape[1] !== prototypes.shape[0]) {
      throw new VitrailError(
        'shape-mismatch',
        `applyPrototypeHead: directions are as long as the output of the trunk, ${features.shape[1]}, but ${prototypes.shape[0]} came`,
      );
    }
    return { features, prototypes };
  });
}

/**
 * The MLP of a head: `normalize(fc3(gelu(fc2(gelu(fc1(x))))))`, lengths held at or above 1e-12.
 *
 * @param x `[T, D]`
 * @returns unit vectors `[T, d]`, the caller's
 * @throws `shape-mismatch` when tokens and parameters do not fit together
 * @example applyHeadTrunk(head.trunk, ones([10, 96])).shape // [10, 64]
 */
export function applyHeadTrunk({ fc1, fc2, fc3 }: HeadTrunkParams, x: Tensor2D): Tensor2D {
  requireShape('applyHeadTrunk', 'x', x, ['T', 'D']);
  return tidy(() => l2Normalize(linear(linear(linear(x, fc1, 'gelu'), fc2, 'gelu'), fc3)) as Tensor2D);
}

/**
 * The prototypes of a head as unit columns: `prototypes[:, k] = directions[k] / max(||directions[k]||, 1e-12)`.
 *
 * @returns `[d, K]`, the caller's
 * @throws `shape-mismatch` for directions that are not a matrix
 * @example unitPrototypes(head.prototypes).shape // [64, 512]
 */
export function unitPrototypes({ directions }: PrototypeParams): Tensor2D {
  requireShape('unitPrototypes', 'directions', directions, ['K', 'd']);
  return tidy(() => transpose(l2Normalize(directions) as Tensor2D));
}
