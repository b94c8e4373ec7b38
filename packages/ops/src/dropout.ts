import { clone, mul, type Rank, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { type Rng, VitrailError } from '@vitrail/core';

/**
 * Dropout: each number is set to 0 with probability `rate`, and the others are divided by `1 - rate`, so that the mean stays.
 *
 * Which ones is drawn from `rng` on the host, one draw for each number of `x`: the same stream drops the same numbers on any backend. At a rate
 * of 0 nothing is drawn.
 *
 * @param x of any shape
 * @param rate in [0, 1)
 * @param rng advances; give every call a fork of its own
 * @returns as x, the caller's
 * @throws `invalid-argument` for a rate outside [0, 1)
 * @see "Dropout", Srivastava et al., JMLR 15, 2014; `torch.nn.functional.dropout`
 * @example dropout(ones([2, 5, 8]), 0.1, createRng(0).fork('dropout', step)).shape // [2, 5, 8], zeros and 1.111
 */
export function dropout<R extends Rank>(x: Tensor<R>, rate: number, rng: Rng): Tensor<R> {
  if (!(rate >= 0 && rate < 1)) throw new VitrailError('invalid-argument', `dropout: rate lies in [0, 1), but ${rate} came`);
  if (rate === 0) return clone(x);
  const kept = Float32Array.from({ length: x.size }, () => (rng.uniform() < rate ? 0 : 1 / (1 - rate)));
  return tidy(() => mul(x, tensor(kept, x.shape)));
}
