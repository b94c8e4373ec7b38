import { VitrailError } from '@vitrail/core';

/**
 * The element types of a safetensors file that this package reads and writes, in the order the format's reference implementation ranks
 * them: by alignment, ascending. Half floats are widened to 32 bits in memory; `BOOL` is a byte that is 0 or 1.
 */
export const dtypes = {
  BOOL: { bytes: 1, array: Uint8Array },
  U8: { bytes: 1, array: Uint8Array },
  I8: { bytes: 1, array: Int8Array },
  I16: { bytes: 2, array: Int16Array },
  U16: { bytes: 2, array: Uint16Array },
  F16: { bytes: 2, array: Float32Array },
  BF16: { bytes: 2, array: Float32Array },
  I32: { bytes: 4, array: Int32Array },
  U32: { bytes: 4, array: Uint32Array },
  F32: { bytes: 4, array: Float32Array },
  F64: { bytes: 8, array: Float64Array },
  I64: { bytes: 8, array: BigInt64Array },
  U64: { bytes: 8, array: BigUint64Array },
} as const;

/** The name of an element type in a safetensors header: `F32`, `BF16`, `I64`. */
export type Dtype = keyof typeof dtypes;

/** A tensor outside of any backend: `values` row-major, one number per element; `F16` and `BF16` as the 32-bit floats they stand for. */
export type TensorData = { shape: readonly number[] } & (
  | { dtype: 'F32' | 'F16' | 'BF16'; values: Float32Array }
  | { dtype: 'F64'; values: Float64Array }
  | { dtype: 'I64'; values: BigInt64Array }
  | { dtype: 'U64'; values: BigUint64Array }
  | { dtype: 'I32'; values: Int32Array }
  | { dtype: 'U32'; values: Uint32Array }
  | { dtype: 'I16'; values: Int16Array }
  | { dtype: 'U16'; values: Uint16Array }
  | { dtype: 'I8'; values: Int8Array }
  | { dtype: 'U8' | 'BOOL'; values: Uint8Array }
);

/** The number of elements of a shape, or `undefined` when it is none: a length that is no whole number, or a product past 2^53. */
export function elementCount(shape: readonly unknown[]): number | undefined {
  let count = 1;
  for (const length of shape) {
    if (!(typeof length === 'number' && Number.isSafeInteger(length) && length >= 0)) return undefined;
    count *= length;
  }
  return Number.isSafeInteger(count) ? count : undefined;
}

/**
 * Fails unless a tensor's element type, shape and values fit together.
 *
 * @throws `invalid-argument` naming the tensor.
 */
export function requireTensorData(name: string, { dtype, shape, values }: TensorData): void {
  if (!Object.hasOwn(dtypes, dtype)) {
    throw new VitrailError(
      'invalid-argument',
      `tensor "${name}": dtype is one of ${Object.keys(dtypes).join(', ')}, but "${dtype}" came`,
    );
  }
  const { array } = dtypes[dtype];
  if (!(values instanceof array)) {
    throw new VitrailError('invalid-argument', `tensor "${name}": the values of ${dtype} are a ${array.name}`);
  }
  if (elementCount(shape) !== values.length) {
    throw new VitrailError('invalid-argument', `tensor "${name}": shape [${shape}] does not hold ${values.length} values`);
  }
}
