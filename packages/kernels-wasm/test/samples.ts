import { type Tensor, tensor } from '@tensorflow/tfjs-core';

/** Reproducible whole numbers from `-limit` to `limit`, many of them alike if there are more, as `dtype`. */
export function sampleNumbers(shape: readonly number[], limit: number, dtype: 'float32' | 'int32' = 'int32'): Tensor {
  return tensor(
    valuesOf(shape, (index) => Math.round(limit * Math.sin(index * index + 1))),
    [...shape],
    dtype,
  );
}

/** Reproducible truth values. */
export function sampleTruth(shape: readonly number[]): Tensor {
  return tensor(
    valuesOf(shape, (index) => (Math.sin(index * index + 1) > 0.1 ? 1 : 0)),
    [...shape],
    'bool',
  );
}

/** Reproducible numbers from `from` to `to`. */
export function sampleRange(shape: readonly number[], from: number, to: number): Tensor {
  return tensor(
    valuesOf(shape, (index) => from + ((to - from) * (1 + Math.sin(index * index + 1))) / 2),
    [...shape],
    'float32',
  );
}

/** One of each type that tfjs kernels take. */
export function samplesOfEachType(shape: readonly number[]): Tensor[] {
  return [sampleRange(shape, -1, 1), sampleNumbers(shape, 1000), sampleTruth(shape)];
}

function valuesOf(shape: readonly number[], value: (index: number) => number): number[] {
  return Array.from({ length: shape.reduce((size, length) => size * length, 1) }, (_, index) => value(index));
}
