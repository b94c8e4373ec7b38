import {
  add,
  addN,
  exp,
  mul,
  type Scalar,
  slice,
  softplus,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { linear, remat } from '@vitrail/ops';
import { type Gather, unitRows } from './gather.ts';
import { matchingPairs } from './matching-pairs.ts';
import { requirePairs } from './require-pairs.ts';

/** Scores that are in memory at once, unless the caller says otherwise. */
const CHUNK_SCORES = 4_000_000;

/**
 * The sigmoid contrastive loss of SigLIP, per image of a batch in which pair i belongs together:
 *
 * `loss[i] = -sum_j log sigmoid(y_ij (s u_i . v_j + bias))`, `y_ij = 1` for `i = j`, else -1, `s = exp(logitScale)`, u and v the rows of
 * images and texts divided by their length
 *
 * Its mean over the batch is SigLIP's loss: divided by the B rows, not by the B^2 pairs.
 *
 * The scores are computed some texts at a time, and again in the backward pass, so that `[B, B]` is never in memory whole. With `gather`,
 * j goes over the texts of all workers; the mean over workers of their losses, and of their gradients, is then that of the whole batch on
 * one worker (where SigLIP passes texts around a ring, everybody's arrive at once here).
 *
 * @param images `[B, D]`, of any length
 * @param texts `[B, D]`, of any length
 * @param logitScale log of the inverse temperature; SigLIP starts at `log 10`
 * @param bias added to every score; SigLIP starts at -10
 * @param options `chunkTexts`: texts at a time; by default as many as make about 4 million scores. `gather`, none by default
 * @returns `[B]`, in nats, at least 0; the caller's
 * @throws `shape-mismatch` when images and texts do not pair up, or what is gathered cannot hold the rows of this rank;
 *   `invalid-argument` for an empty batch, or a chunk that is no whole number of at least 1
 * @see "Sigmoid Loss for Language Image Pre-Training" (SigLIP), Zhai et al. 2023 (arXiv 2303.15343), section 3.2 and algorithm 1
 * @example sigmoidContrastive(images, texts, scalar(Math.log(10)), scalar(-10)).shape // [32]
 */
export function sigmoidContrastive(
  images: Tensor2D,
  texts: Tensor2D,
  logitScale: Scalar,
  bias: Scalar,
  { chunkTexts, gather }: { chunkTexts?: number; gather?: Gather } = {},
): Tensor1D {
  requirePairs('sigmoidContrastive', images, texts, logitScale);
  requireShape('sigmoidContrastive', 'bias', bias, []);
  const chunk = chunkTexts ?? Math.max(1, Math.round(CHUNK_SCORES / images.shape[0]));
  if (!(Number.isInteger(chunk) && chunk >= 1)) {
    throw new VitrailError(
      'invalid-argument',
      `sigmoidContrastive: chunkTexts is a whole number of at least 1, but ${chunk} came`,
    );
  }
  return tidy(() => {
    const { own } = unitRows('sigmoidContrastive', images);
    const { all, first } = unitRows('sigmoidContrastive', texts, gather);
    const [count, width] = all.shape;
    const losses = Array.from({ length: Math.ceil(count / chunk) }, (_, i) => {
      const start = i * chunk;
      const some = slice(all, [start, 0], [Math.min(chunk, count - start), width]);
      const loss = (u: Tensor, v: Tensor, scale: Tensor, b: Tensor) => lossOfTexts(u, v, scale, b, first - start);
      // A single chunk is whole in memory anyway.
      return chunk >= count ? loss(own, some, logitScale, bias) : remat(loss, [own, some, logitScale, bias]);
    });
    return addN(losses);
  });
}

/** What texts `v` `[C, D]` add to the loss of images `u` `[B, D]`: `[B]`. Image i belongs to text `firstText + i`, if that is among them. */
function lossOfTexts(u: Tensor, v: Tensor, logitScale: Tensor, bias: Tensor, firstText: number): Tensor1D {
  const scores = add(linear(mul(u, exp(logitScale)), { kernel: transpose(v) }), bias); // [B, C]
  const oppositeSign = sub(1, mul(2, matchingPairs(u.shape[0], v.shape[0], firstText)));
  // -log sigmoid(x) = softplus(-x). Not tfjs' logSigmoid: in 4.22 its gradient reads a tensor that is gone when the tidy ends.
  return sum<Tensor1D>(softplus(mul(scores, oppositeSign)), 1);
}
