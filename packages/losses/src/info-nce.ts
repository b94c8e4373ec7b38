import { exp, type Scalar, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import { type Gather, unitRows } from './gather.ts';
import { matchingLabels, type PairLabels, pairLoss, requireSmoothing, smoothed } from './pair-loss.ts';
import { requirePairs } from './require-pairs.ts';

/**
 * The contrastive loss of CLIP, per pair of a batch in which pair i belongs together:
 *
 * `loss[i] = (CE(s u_i V^T, i) + CE(s v_i U^T, i)) / 2`, `s = exp(logitScale)`, u and v the rows of images and texts divided by their
 * length (by 1e-12 at least, as OpenCLIP does; TIPS says 1e-3 for similarities, which matters to vectors shorter than that only)
 *
 * Its mean over the batch is CLIP's loss. With smoothing, `CE = -sum_j t_j log p_j` where the target is `1 - e + e / n` for the right one
 * of n candidates and `e / n` for the others (PyTorch's definition, which for labels given is `(1 - e) t + e / n`).
 *
 * `labels` say what belongs together where that is not pair i with pair i alone (duplicates, a teacher's opinion): `t` is then theirs.
 *
 * With `gather`, candidates are the rows of all workers. The mean over workers of their losses, and of their gradients, is then exactly
 * that of the whole batch on one worker (OpenCLIP's `local_loss` with `gather_with_grad`).
 *
 * @param images `[B, D]`, of any length
 * @param texts `[B, D]`, of any length
 * @param logitScale log of the inverse temperature; see `initLogitScale`
 * @param options `labelSmoothing` in [0, 1], 0 by default; `labels`, `[B, W B]` each, rows that sum to 1 (not checked); `gather`, none by
 *   default
 * @returns `[B]`, in nats, at least 0; the caller's
 * @throws `shape-mismatch` when images, texts and labels do not fit together, or what is gathered cannot hold the rows of this rank;
 *   `invalid-argument` for an empty batch or a smoothing outside [0, 1]
 * @see "Learning Transferable Visual Models From Natural Language Supervision" (CLIP), Radford et al. 2021 (arXiv 2103.00020), figure 3;
 *   code mlfoundations/open_clip, `loss.py` (`ClipLoss`)
 * @example infoNce(images, texts, initLogitScale(0.07)).shape // [32]
 */
export function infoNce(
  images: Tensor2D,
  texts: Tensor2D,
  logitScale: Scalar,
  { labelSmoothing = 0, labels, gather }: { labelSmoothing?: number; labels?: PairLabels; gather?: Gather } = {},
): Tensor1D {
  requirePairs('infoNce', images, texts, logitScale);
  requireSmoothing('infoNce', labelSmoothing);
  return tidy(() => {
    const u = unitRows('infoNce', images, gather);
    const v = unitRows('infoNce', texts, gather);
    if (!labels) return pairLoss(u, v, exp(logitScale), matchingLabels(u, v, labelSmoothing));
    requireShape('infoNce', 'labels.images', labels.images, [u.own.shape[0], v.all.shape[0]]);
    requireShape('infoNce', 'labels.texts', labels.texts, [v.own.shape[0], u.all.shape[0]]);
    const given = { images: smoothed(labels.images, labelSmoothing), texts: smoothed(labels.texts, labelSmoothing) };
    return pairLoss(u, v, exp(logitScale), given);
  });
}
