import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './half-floats.ts';
import { type Dtype, dtypes, type TensorData } from './tensor-data.ts';

/**
 * A tensor of the bytes that files keep of it: row-major, little-endian. Values are a view into `bytes` where the alignment allows it, a
 * copy elsewhere; `F16` and `BF16` come as 32-bit floats.
 *
 * @param bytes as many as `shape` takes at `dtype`.
 */
export function decodeValues(dtype: Dtype, shape: readonly number[], bytes: Uint8Array): TensorData {
  const { bytes: width, array } = dtypes[dtype];
  const { buffer, byteOffset } = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const length = bytes.length / width;
  if (dtype === 'F16') return { dtype, shape, values: decodeFloat16(new Uint16Array(buffer, byteOffset, length)) };
  if (dtype === 'BF16') return { dtype, shape, values: decodeBfloat16(new Uint16Array(buffer, byteOffset, length)) };
  // The table pairs every element type with its array type; the compiler cannot follow a pair through a lookup.
  return { dtype, shape, values: new array(buffer as ArrayBuffer, byteOffset, length) } as TensorData;
}

/** The bytes that files keep of a tensor: the reverse of {@link decodeValues}. `F16` and `BF16` are rounded to the nearest, ties to even. */
export function encodeValues({ dtype, values }: TensorData): Uint8Array {
  const stored = dtype === 'F16' ? encodeFloat16(values) : dtype === 'BF16' ? encodeBfloat16(values) : values;
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}
