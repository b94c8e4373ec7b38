import {
  add,
  argMax,
  log,
  matMul,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { l2Normalize, takeRows, withoutGradient } from '@vitrail/ops';
import { matchingPairs } from './matching-pairs.ts';

const EPSILON = 1e-8;

/**
 * The KoLeo regulariser, which spreads the rows of a batch over the sphere: each is to be far from its nearest neighbour.
 *
 * `loss[i] = -log(||z_i - z_n(i) + 1e-8|| + 1e-8)`, `z` the rows divided by their length (at least 1e-8), `n(i)` the row nearest to row i
 *
 * As DINOv2 has it (its CLS tokens before the head, weight 0.1): gradients go to both rows of a pair, but not to the choice of it. Rows that
 * are all the same give about 17 each, and finite gradients. Deviation: there, of two opposite rows each may be its own neighbour.
 *
 * @param x `[B, D]`, of any length
 * @returns `[B]`, in nats, from -log 2 upwards; the caller's
 * @throws `shape-mismatch` unless x is a matrix; `invalid-argument` for fewer than two rows
 * @see "Spreading vectors for similarity search", Sablayrolles et al. 2019 (arXiv 1806.03198), section 3.3; DINOv2, `loss/koleo_loss.py`
 * @example koLeo(cls).shape // [32]
 */
export function koLeo(x: Tensor2D): Tensor1D {
  requireShape('koLeo', 'x', x, ['B', 'D']);
  const [count] = x.shape;
  if (count < 2) {
    throw new VitrailError('invalid-argument', `koLeo: a row needs another to be its neighbour, but a batch of ${count} came`);
  }
  return tidy(() => {
    const z = l2Normalize(x, EPSILON) as Tensor2D;
    const neighbours = withoutGradient(() => {
      const cosines = matMul(z, transpose(z)); // [B, B]
      return argMax<Tensor1D>(sub(cosines, mul(matchingPairs(count, count, 0), 4)), 1);
    });
    const apart = add(sub(z, takeRows(z, neighbours)), EPSILON); // [B, D]
    return mul(-1, log(add(sqrt(sum<Tensor1D>(square(apart), 1)), EPSILON)));
  });
}
