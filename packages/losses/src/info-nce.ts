import {
  add,
  exp,
  logSoftmax,
  mul,
  type Scalar,
  sum,
  type Tensor1D,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { l2Normalize, linear } from '@vitrail/ops';
import { matchingPairs } from './matching-pairs.ts';
import { requirePairs } from './require-pairs.ts';

/**
 * How one of several workers sees the rows of all: `rows` turns the worker's own `[B, D]` into everybody's `[W B, D]`, in the order of
 * their ranks, and must be differentiable: the gradient of a row is the *sum* over workers of what they send back (a reduce-scatter).
 */
export type Gather = { readonly rank: number; readonly rows: (own: Tensor2D) => Tensor2D };

/**
 * The contrastive loss of CLIP, per pair of a batch in which pair i belongs together:
 *
 * `loss[i] = (CE(s u_i V^T, i) + CE(s v_i U^T, i)) / 2`, `s = exp(logitScale)`, u and v the rows of images and texts divided by their
 * length (by 1e-12 at least, as OpenCLIP does; TIPS says 1e-3 for similarities, which matters to vectors shorter than that only)
 *
 * Its mean over the batch is CLIP's loss. With smoothing, `CE = -sum_j t_j log p_j` where the target is `1 - e + e / n` for the right one
 * of n candidates and `e / n` for the others (PyTorch's definition).
 *
 * With `gather`, candidates are the rows of all workers. The mean over workers of their losses, and of their gradients, is then exactly
 * that of the whole batch on one worker (OpenCLIP's `local_loss` with `gather_with_grad`).
 *
 * @param images `[B, D]`, of any length
 * @param texts `[B, D]`, of any length
 * @param logitScale log of the inverse temperature; see `initLogitScale`
 * @param options `labelSmoothing` in [0, 1], 0 by default; `gather`, none by default
 * @returns `[B]`, in nats, at least 0; the caller's
 * @throws `shape-mismatch` when images and texts do not pair up, or what is gathered cannot hold the rows of this rank;
 *   `invalid-argument` for an empty batch or a smoothing outside [0, 1]
 * @see "Learning Transferable Visual Models From Natural Language Supervision" (CLIP), Radford et al. 2021 (arXiv 2103.00020), figure 3;
 *   code mlfoundations/open_clip, `loss.py` (`ClipLoss`)
 * @example infoNce(images, texts, initLogitScale(0.07)).shape // [32]
 */
export function infoNce(
  images: Tensor2D,
  texts: Tensor2D,
  logitScale: Scalar,
  { labelSmoothing = 0, gather }: { labelSmoothing?: number; gather?: Gather } = {},
): Tensor1D {
  requirePairs('infoNce', images, texts, logitScale);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new VitrailError('invalid-argument', `infoNce: labelSmoothing lies in [0, 1], but ${labelSmoothing} came`);
  }
  return tidy(() => {
    const [u, v] = [l2Normalize(images), l2Normalize(texts)] as Tensor2D[]; // [B, D]
    const [allImages, allTexts] = gather ? [gather.rows(u), gather.rows(v)] : [u, v]; // [W B, D]
    if (gather) requireGathered(gather.rank, u, allImages, allTexts);
    const targets = pairTargets(u.shape[0], allTexts.shape[0], gather?.rank ?? 0, labelSmoothing);
    const scale = exp(logitScale);
    return mul(0.5, add(crossEntropy(mul(u, scale), allTexts, targets), crossEntropy(mul(v, scale), allImages, targets)));
  });
}

/**
 * `[B]`. Each direction multiplies for itself, though one matrix is the transpose of the other: the loss stays along the last axis, and
 * the product is nothing beside the towers.
 */
function crossEntropy(queries: Tensor2D, candidates: Tensor2D, targets: Tensor2D): Tensor1D {
  const scores = linear(queries, { kernel: transpose(candidates) }); // [B, W B]
  return mul(-1, sum<Tensor1D>(mul(logSoftmax(scores), targets), 1));
}

function requireGathered(rank: number, own: Tensor2D, ...all: Tensor2D[]): void {
  const [count, width] = own.shape;
  for (const rows of all) {
    const workers = rows.shape[0] / count;
    if (rows.shape[1] !== width || !Number.isInteger(workers) || !(Number.isInteger(rank) && rank >= 0 && rank < workers)) {
      throw new VitrailError(
        'shape-mismatch',
        `infoNce: gather makes [W * ${count}, ${width}] for a rank below W, but [${rows.shape.join(', ')}] came for rank ${rank}`,
      );
    }
  }
}

/** `[count, candidates]`: row i is one-hot at `rank * count + i`, smoothed. */
function pairTargets(count: number, candidates: number, rank: number, smoothing: number): Tensor2D {
  const own = matchingPairs(count, candidates, rank * count);
  return smoothing === 0 ? own : add(mul(own, 1 - smoothing), smoothing / candidates);
}
