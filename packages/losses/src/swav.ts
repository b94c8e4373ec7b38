import { add, mul, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { type AllReduce, requireShape } from '@vitrail/core';
import { type PrototypeScores, softTargetCrossEntropy } from '@vitrail/ops';
import { sinkhornCenter } from './sinkhorn-center.ts';

/**
 * Swapped prediction of cluster assignments, as in SwAV: from each of two views the balanced assignment of the other is to be predicted.
 *
 * `loss[i] = (CE(Q2[i], P1[i]) + CE(Q1[i], P2[i])) / 2`, `CE(q, p) = -sum_k q_k log p_k`,
 * `P = softmax(scores / temperature)`, `Q` Sinkhorn's assignment of the scores of a view ({@link sinkhornCenter}), a constant
 *
 * One value per example, though every assignment depends on the whole batch. Gradients reach the features and prototypes of what predicts.
 * SwAV drops those of the prototypes in the first steps. With images and texts as the two views it is the textbook SwALIP of CLIP-Rocket.
 *
 * @param first scores of one view: unit features `[B, d]`, unit prototypes `[d, K]`, temperature (0.1 in SwAV)
 * @param second scores of the other view, usually against the same prototypes
 * @param options `targetTemperature`: of the assignments, above 0, 0.05 by default; `iterations` and `allReduce` as for
 *   {@link sinkhornCenter}
 * @returns `[B]`, in nats; the caller's
 * @throws `shape-mismatch` when scores do not fit together; `invalid-argument` as {@link sinkhornCenter}
 * @see "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments" (SwAV), Caron et al. 2020 (arXiv 2006.09882), eq. 1
 *   and 2
 * @example
 * const view = { features: ones([32, 128]), prototypes: ones([128, 3000]), temperature: 0.1 };
 * swav(view, view).shape // [32], each log(3000)
 */
export function swav(
  first: PrototypeScores,
  second: PrototypeScores,
  {
    targetTemperature = 0.05,
    iterations,
    allReduce,
  }: { targetTemperature?: number; iterations?: number; allReduce?: AllReduce } = {},
): Tensor1D {
  requireShape('swav', 'second.features', second.features, [first.features.shape[0], 'd']);
  requireShape('swav', 'second.prototypes', second.prototypes, ['d', first.prototypes.shape[1]]);
  return tidy(() => {
    const target = (view: PrototypeScores) => {
      const scores = { ...view, temperature: targetTemperature };
      return { ...scores, center: sinkhornCenter(scores, { iterations, allReduce }) };
    };
    return mul(0.5, add(softTargetCrossEntropy(first, target(second)), softTargetCrossEntropy(second, target(first))));
  });
}
