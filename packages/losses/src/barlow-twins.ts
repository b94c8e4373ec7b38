import { add, mul, square, sub, sum, type Tensor1D, type Tensor2D, tidy, transpose } from '@tensorflow/tfjs-core';
import { type AllReduce, requireShape, VitrailError } from '@vitrail/core';
import { linear } from '@vitrail/ops';
import { matchingPairs } from './matching-pairs.ts';

/**
 * The loss of Barlow Twins, per *feature*: what two views of a batch say about feature d should agree, and not with any other feature.
 *
 * `loss[d] = (C[d, d] - 1)^2 + lambda sum_{e != d} C[d, e]^2`, `C = first^T second / B`
 *
 * There is no value per example: C is made of the whole batch. The paper's loss is the *sum* over features, which its code multiplies by 0.024
 * and CLIP-Rocket's by 0.025. Rows are taken as they are: pass them through a batch norm before (`batchNorm` of `@vitrail/heads`), which
 * makes C a correlation.
 *
 * @param first `[B, D]`, one view
 * @param second `[B, D]`, the other
 * @param options `offDiagonal`: lambda, at least 0; 0.005 by default (0.0051 in the paper's code, 0.005 in CLIP-Rocket). `allReduce`: C is then
 *   that of the rows of all workers, equally many on each, and every worker gets the same loss, whose gradients are to be averaged over
 *   workers (neither reference differentiates through the exchange, so their gradients are those divided by W); none by default
 * @returns `[D]`, at least 0; the caller's
 * @throws `shape-mismatch` unless both are `[B, D]`; `invalid-argument` for an empty batch or a negative lambda
 * @see "Barlow Twins", Zbontar et al. 2021 (arXiv 2103.03230), eq. 1; code facebookresearch/clip-rocket, `losses.py` (BarLIPLoss)
 * @example sum(barlowTwins(ones([32, 128]), ones([32, 128]))).shape // []
 */
export function barlowTwins(
  first: Tensor2D,
  second: Tensor2D,
  { offDiagonal = 0.005, allReduce }: { offDiagonal?: number; allReduce?: AllReduce } = {},
): Tensor1D {
  requireShape('barlowTwins', 'first', first, ['B', 'D']);
  requireShape('barlowTwins', 'second', second, first.shape);
  const [count, width] = first.shape;
  if (count === 0)
    throw new VitrailError('invalid-argument', 'barlowTwins: a batch holds at least one row, but an empty one came');
  if (!(offDiagonal >= 0)) {
    throw new VitrailError('invalid-argument', `barlowTwins: offDiagonal is at least 0, but ${offDiagonal} came`);
  }
  return tidy(() => {
    const product = linear(transpose(first), { kernel: second }) as Tensor2D; // [D, D]
    const total = allReduce ? allReduce.sum(product) : product;
    const correlation = mul(total, 1 / (count * (allReduce?.workers ?? 1)));
    const identity = matchingPairs(width, width, 0);
    const weights = add(mul(identity, 1 - offDiagonal), offDiagonal);
    return sum<Tensor1D>(mul(square(sub(correlation, identity)), weights), 1);
  });
}
