import { VitrailError } from '@vitrail/core';
import { compareCodePoints, formatHeader, headerLength, parseHeader, type TensorEntry } from './safetensors-header.ts';
import { decodeValues, encodeValues } from './stored-values.ts';
import { type Dtype, dtypes, requireTensorData, type TensorData } from './tensor-data.ts';

/**
 * The safetensors file of named tensors: the same tensors and metadata always give the same bytes.
 *
 * Tensors lie in the order of the reference implementation (Hugging Face `safetensors`, `tensor.rs`): by element type, the widest first,
 * then by name. Deviation: metadata is written in the order of its names, where the reference leaves the order to chance.
 *
 * @param tensors by name; `F16` and `BF16` are rounded to the nearest, ties to even. Nothing of them is kept.
 * @param metadata texts that travel in the header.
 * @throws `invalid-argument` when a shape does not fit its values, or a tensor has the reserved name `__metadata__`.
 *
 * @example encodeSafetensors({ w: { dtype: 'F32', shape: [2], values: Float32Array.of(1, 2) } }).length // 72
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TensorData>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  if (Object.hasOwn(tensors, '__metadata__')) {
    throw new VitrailError('invalid-argument', 'a tensor cannot be called "__metadata__": the format keeps that name for texts');
  }
  const ordered = Object.entries(tensors).sort(
    ([a, left], [b, right]) => rank(right.dtype) - rank(left.dtype) || compareCodePoints(a, b),
  );
  let length = 0;
  const entries: TensorEntry[] = ordered.map(([name, tensor]) => {
    requireTensorData(name, tensor);
    const begin = length;
    length += tensor.values.length * dtypes[tensor.dtype].bytes;
    return { name, dtype: tensor.dtype, shape: tensor.shape, begin, end: length };
  });
  const header = formatHeader({ entries, metadata });
  const bytes = new Uint8Array(header.length + length);
  bytes.set(header);
  entries.forEach(({ begin }, i) => {
    bytes.set(encodeValues(ordered[i][1]), header.length + begin);
  });
  return bytes;
}

/**
 * Reads a safetensors file, after checking all of it: header length, JSON, names, element types, shapes, and that the tensors cover the
 * data without gap or overlap.
 *
 * @returns tensors by name, in the order of the header. Values are views into `bytes` where the alignment allows it, copies elsewhere:
 * leave `bytes` as they are while you use them. `F16` and `BF16` come as 32-bit floats.
 * @throws `corrupt-data` saying what is wrong; also for the element types that are not read (`F8_*`, `F4`, `C64`).
 *
 * @example decodeSafetensors(bytes).tensors.w // { dtype: 'F32', shape: [2], values: Float32Array [1, 2] }
 */
export function decodeSafetensors(bytes: Uint8Array): { tensors: Record<string, TensorData>; metadata: Record<string, string> } {
  const dataStart = 8 + headerLength(bytes.subarray(0, 8), bytes.length);
  const data = bytes.subarray(dataStart);
  const { entries, metadata } = parseHeader(bytes.subarray(8, dataStart), data.length);
  const tensors = entries.map(
    ({ name, dtype, shape, begin, end }) => [name, decodeValues(dtype, shape, data.subarray(begin, end))] as const,
  );
  return { tensors: Object.fromEntries(tensors), metadata };
}

function rank(dtype: Dtype): number {
  return Object.keys(dtypes).indexOf(dtype);
}
