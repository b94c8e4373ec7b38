import { add, concat, logSoftmax, mul, sub, sum, type Tensor1D, type Tensor2D, tidy, transpose } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { linear } from '@vitrail/ops';
import { type Gather, type UnitRows, unitRows } from './gather.ts';
import { matchingPairs } from './matching-pairs.ts';

/** Taken from the score of a row with itself, so that its softmax is 0. */
const EXCLUDED = 1e9;

/**
 * The contrastive loss of SimCLR (NT-Xent): of two views of each picture, each is to find the other among both views of all pictures.
 *
 * `loss[i] = (l(u_i, v_i) + l(v_i, u_i)) / 2`,
 * `l(a, b) = -log(exp(cos(a, b) / tau) / sum_{c != a} exp(cos(a, c) / tau))`, c over all rows of both views but a itself
 *
 * Its mean over the batch is SimCLR's loss. A batch of one has nothing to tell apart: 0.
 *
 * @param first `[B, D]`, of any length: one view of each picture
 * @param second `[B, D]`, of any length: the other
 * @param options `temperature`, above 0 (0.1 to 0.5 in the paper); `gather`: candidates are the rows of all workers, none by default, called
 *   for the first view and then for the second
 * @returns `[B]`, in nats, at least 0; the caller's
 * @throws `shape-mismatch` when the views do not pair up, or what is gathered cannot hold the rows of this rank; `invalid-argument` for an
 *   empty batch or a temperature that is not above 0
 * @see "A Simple Framework for Contrastive Learning of Visual Representations" (SimCLR), Chen et al. 2020 (arXiv 2002.05709), eq. 1 and
 *   algorithm 1
 * @example simClr(ones([4, 128]), ones([4, 128]), { temperature: 0.1 }).shape // [4], each log(7)
 */
export function simClr(
  first: Tensor2D,
  second: Tensor2D,
  { temperature, gather }: { temperature: number; gather?: Gather },
): Tensor1D {
  requireShape('simClr', 'first', first, ['B', 'D']);
  requireShape('simClr', 'second', second, first.shape);
  if (first.shape[0] === 0)
    throw new VitrailError('invalid-argument', 'simClr: a batch holds at least one picture, but an empty one came');
  if (!(temperature > 0)) {
    throw new VitrailError('invalid-argument', `simClr: temperature is above 0, but ${temperature} came`);
  }
  return tidy(() => {
    const u = unitRows('simClr', first, gather);
    const v = unitRows('simClr', second, gather);
    return mul(0.5, add(lossOfView(u, v, temperature), lossOfView(v, u, temperature)));
  });
}

function lossOfView({ own, all, first }: UnitRows, other: UnitRows, temperature: number): Tensor1D {
  const candidates = concat([all, other.all]); // [2 W B, D]
  const [count, total] = [own.shape[0], candidates.shape[0]];
  const scores = linear(mul(own, 1 / temperature), { kernel: transpose(candidates) }); // [B, 2 W B]
  const withoutItself = sub(scores, mul(matchingPairs(count, total, first), EXCLUDED));
  const partner = matchingPairs(count, total, all.shape[0] + first);
  return mul(-1, sum<Tensor1D>(mul(logSoftmax(withoutItself), partner), 1));
}
