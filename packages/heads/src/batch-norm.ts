import {
  add,
  fill,
  mul,
  ones,
  reshape,
  rsqrt,
  square,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { type AllReduce, requireShape, VitrailError } from '@vitrail/core';
import { linear, withoutGradient } from '@vitrail/ops';

/** `scale` and `bias`, `[D]` each; neither for a batch norm without parameters. */
export type BatchNormParams = { readonly scale?: Tensor; readonly bias?: Tensor };

/** Running mean and (unbiased) variance of the rows that came by in training, `[D]` each. No parameters: nothing learns them. */
export type BatchNormStatistics = { readonly mean: Tensor; readonly variance: Tensor };

/** How {@link batchNorm} runs. */
export type BatchNormOptions = {
  /** Whether rows are normalised by the statistics of their batch, which move the running ones, or by the running ones. */
  readonly training: boolean;
  /** The share of the batch in the new running statistics, in [0, 1]; 0.1 by default, as in PyTorch. */
  readonly momentum?: number;
  /** Added to variances; 1e-5 by default. */
  readonly epsilon?: number;
  /** In training, the batch is then that of all workers, equally many rows on each (PyTorch's SyncBatchNorm); none by default. */
  readonly allReduce?: Pick<AllReduce, 'workers' | 'sum'>;
};

/**
 * Statistics before any training: mean 0, variance 1.
 *
 * @param width D, a whole number of at least 1
 * @returns two tensors `[D]`, the caller's
 * @throws `invalid-argument` for the width
 * @example initBatchNormStatistics(256).mean.shape // [256]
 */
export function initBatchNormStatistics(width: number): BatchNormStatistics {
  if (!(Number.isSafeInteger(width) && width >= 1)) {
    throw new VitrailError(
      'invalid-argument',
      `initBatchNormStatistics: width is a whole number of at least 1, but ${width} came`,
    );
  }
  return { mean: zeros([width]), variance: ones([width]) };
}

/**
 * Batch normalisation of rows: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, mean and variance per feature.
 *
 * In training they are those of the batch (the variance divided by the number of rows n), through which gradients flow, and
 * `running' = (1 - momentum) running + momentum batch`, where the variance of the batch is divided by n - 1. In evaluation they are the
 * running ones. Views that are to be normalised apart are passed in one call after the other, each with the statistics that the last gave.
 *
 * @param x `[B, D]`
 * @param params `scale` and `bias` `[D]`, or `{}`
 * @param statistics the running ones; they stay as they are
 * @param options `training` and the constants
 * @returns `output` `[B, D]`, the caller's; `statistics` for the next call: in training new tensors, the caller's, in evaluation those given
 * @throws `shape-mismatch` when x, parameters and statistics do not fit together; `invalid-argument` in training for fewer than two rows over
 *   all workers, or a momentum outside [0, 1]
 * @see "Batch Normalization", Ioffe, Szegedy 2015 (arXiv 1502.03167), algorithms 1 and 2; `torch.nn.BatchNorm1d`
 * @example batchNorm(ones([32, 256]), {}, initBatchNormStatistics(256), { training: true }).output.shape // [32, 256]
 */
export function batchNorm(
  x: Tensor2D,
  params: BatchNormParams,
  statistics: BatchNormStatistics,
  { training, momentum = 0.1, epsilon = 1e-5, allReduce }: BatchNormOptions,
): { output: Tensor2D; statistics: BatchNormStatistics } {
  requireFit(x, params, statistics);
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new VitrailError('invalid-argument', `batchNorm: momentum lies in [0, 1], but ${momentum} came`);
  }
  if (!training) {
    const output = tidy(() => normalized(sub(x, statistics.mean), statistics.variance, params, epsilon));
    return { output, statistics };
  }
  const rows = x.shape[0] * (allReduce?.workers ?? 1);
  if (rows < 2) {
    throw new VitrailError(
      'invalid-argument',
      `batchNorm: in training there are at least two rows to normalise, but ${rows} came`,
    );
  }
  return tidy(() => {
    const mean = meanOfRows(x, rows, allReduce);
    const centred = sub<Tensor2D>(x, mean);
    const variance = meanOfRows(square(centred), rows, allReduce);
    const next = withoutGradient(() => {
      const moved = (running: Tensor, batch: Tensor) => add(mul(running, 1 - momentum), mul(batch, momentum));
      return { mean: moved(statistics.mean, mean), variance: moved(statistics.variance, mul(variance, rows / (rows - 1))) };
    });
    return { output: normalized(centred, variance, params, epsilon), statistics: next };
  });
}

function normalized(centred: Tensor, variance: Tensor, { scale, bias }: BatchNormParams, epsilon: number): Tensor2D {
  const unit: Tensor2D = mul(centred, rsqrt(add(variance, epsilon)));
  const scaled: Tensor2D = scale ? mul(unit, scale) : unit;
  return bias ? add(scaled, bias) : scaled;
}

/** `[D]`, by a product with equal weights: a mean over axis 0 is slow on the wasm backend. */
function meanOfRows(x: Tensor2D, rows: number, allReduce: BatchNormOptions['allReduce']): Tensor1D {
  const sum: Tensor1D = reshape(linear(fill([1, x.shape[0]], 1 / rows), { kernel: x }), [x.shape[1]]);
  return allReduce ? allReduce.sum(sum) : sum;
}

function requireFit(x: Tensor, params: BatchNormParams, { mean, variance }: BatchNormStatistics): void {
  requireShape('batchNorm', 'x', x, ['B', 'D']);
  const [, width] = x.shape as [number, number];
  for (const [name, vector] of Object.entries({ ...params, mean, variance })) {
    if (vector) requireShape('batchNorm', name, vector, [width]);
  }
}
