import {
  add,
  exp,
  mul,
  type Scalar,
  softplus,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import { l2Normalize, linear } from '@vitrail/ops';
import { matchingPairs } from './matching-pairs.ts';
import { requirePairs } from './require-pairs.ts';

/**
 * The sigmoid contrastive loss of SigLIP, per image of a batch in which pair i belongs together:
 *
 * `loss[i] = -sum_j log sigmoid(y_ij (s u_i . v_j + bias))`, `y_ij = 1` for `i = j`, else -1, `s = exp(logitScale)`, u and v the rows of
 * images and texts divided by their length
 *
 * Its mean over the batch is SigLIP's loss: divided by the B rows, not by the B^2 pairs.
 *
 * @param images `[B, D]`, of any length
 * @param texts `[B, D]`, of any length
 * @param logitScale log of the inverse temperature; SigLIP starts at `log 10`
 * @param bias added to every score; SigLIP starts at -10
 * @returns `[B]`, in nats, at least 0; the caller's
 * @throws `shape-mismatch` when images and texts do not pair up; `invalid-argument` for an empty batch
 * @see "Sigmoid Loss for Language Image Pre-Training" (SigLIP), Zhai et al. 2023 (arXiv 2303.15343), section 3.2 and algorithm 1
 * @example sigmoidContrastive(images, texts, scalar(Math.log(10)), scalar(-10)).shape // [32]
 */
export function sigmoidContrastive(images: Tensor2D, texts: Tensor2D, logitScale: Scalar, bias: Scalar): Tensor1D {
  requirePairs('sigmoidContrastive', images, texts, logitScale);
  requireShape('sigmoidContrastive', 'bias', bias, []);
  return tidy(() => {
    const [u, v] = [l2Normalize(images), l2Normalize(texts)] as Tensor2D[]; // [B, D]
    const scores = add(linear(mul(u, exp(logitScale)), { kernel: transpose(v) }), bias); // [B, B]
    const oppositeSign = sub(1, mul(2, matchingPairs(u.shape[0], v.shape[0], 0)));
    // -log sigmoid(x) = softplus(-x). Not tfjs' logSigmoid: in 4.22 its gradient reads a tensor that is gone when the tidy ends.
    return sum<Tensor1D>(softplus(mul(scores, oppositeSign)), 1);
  });
}
