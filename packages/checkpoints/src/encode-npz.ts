import { VitrailError } from '@vitrail/core';
import { crc32 } from './crc32.ts';
import { formatNpyHeader } from './npy-header.ts';
import { encodeValues } from './stored-values.ts';
import { requireTensorData, type TensorData } from './tensor-data.ts';

/**
 * The `.npz` file of named tensors, to the byte what `numpy.savez` writes of the same arrays in the same order: stored, dated 1980.
 *
 * NumPy has no bfloat16: `BF16` is written as JAX writes it, 2 bytes without a type (`<V2`), which `numpy.load` gives as such; there,
 * `array.view(ml_dtypes.bfloat16)` makes numbers of them. {@link openNpz} reads them as `BF16`.
 *
 * @param tensors by name; `F16` and `BF16` are rounded to the nearest, ties to even.
 * @throws `invalid-argument` when a shape does not fit its values, or when there is more than a plain archive holds (4 GiB, 65,535 arrays):
 * write safetensors then.
 *
 * @example encodeNpz({ w: { dtype: 'F32', shape: [2], values: Float32Array.of(1, 2) } }).length // 264
 */
export function encodeNpz(tensors: Readonly<Record<string, TensorData>>): Uint8Array<ArrayBuffer> {
  const members = Object.entries(tensors).map(([name, tensor]) => {
    requireTensorData(name, tensor);
    const [header, values] = [formatNpyHeader(tensor.dtype, tensor.shape), encodeValues(tensor)];
    const fileName = new TextEncoder().encode(`${name}.npy`);
    if (fileName.length > 0xffff)
      throw new VitrailError('invalid-argument', `a name of ${fileName.length} bytes is too long for an archive`);
    return { fileName, header, values, size: header.length + values.length, crc: crc32(values, crc32(header)) };
  });
  const contentLength = members.reduce((sum, { fileName, size }) => sum + localLength + fileName.length + size, 0);
  const directoryLength = members.reduce((sum, { fileName }) => sum + 46 + fileName.length, 0);
  if (contentLength + directoryLength >= 0xffffffff || members.length >= 0xffff) {
    const what = `${members.length} arrays of ${contentLength} bytes`;
    throw new VitrailError('invalid-argument', `${what} are more than a plain archive holds; write safetensors`);
  }
  const bytes = new Uint8Array(contentLength + directoryLength + 22);
  const view = new DataView(bytes.buffer);
  let [at, entry] = [0, contentLength];
  for (const member of members) {
    writeEntry(view, entry, member, at);
    bytes.set(member.fileName, entry + 46);
    entry += 46 + member.fileName.length;
    writeLocalHeader(view, at, member);
    bytes.set(member.fileName, at + 30);
    at += localLength + member.fileName.length;
    bytes.set(member.header, at);
    bytes.set(member.values, at + member.header.length);
    at += member.size;
  }
  view.setUint32(entry, 0x06054b50, true);
  view.setUint16(entry + 8, members.length, true);
  view.setUint16(entry + 10, members.length, true);
  view.setUint32(entry + 12, directoryLength, true);
  view.setUint32(entry + 16, contentLength, true);
  return bytes;
}

/** A local header without the name: 30 bytes, and a ZIP64 field of 20, which NumPy always asks for. */
const localLength = 50;

type Member = { fileName: Uint8Array; size: number; crc: number };

function writeLocalHeader(view: DataView, at: number, { fileName, size, crc }: Member): void {
  view.setUint32(at, 0x04034b50, true);
  writeShared(view, at + 4, fileName, crc);
  view.setUint32(at + 18, 0xffffffff, true);
  view.setUint32(at + 22, 0xffffffff, true);
  view.setUint16(at + 26, fileName.length, true);
  view.setUint16(at + 28, 20, true);
  const extra = at + 30 + fileName.length;
  view.setUint16(extra, 1, true);
  view.setUint16(extra + 2, 16, true);
  view.setBigUint64(extra + 4, BigInt(size), true);
  view.setBigUint64(extra + 12, BigInt(size), true);
}

function writeEntry(view: DataView, at: number, { fileName, size, crc }: Member, headerStart: number): void {
  view.setUint32(at, 0x02014b50, true);
  view.setUint16(at + 4, 0x032d, true); // Made on Unix, by version 4.5.
  writeShared(view, at + 6, fileName, crc);
  view.setUint32(at + 20, size, true);
  view.setUint32(at + 24, size, true);
  view.setUint16(at + 28, fileName.length, true);
  view.setUint32(at + 38, 0o600 * 0x10000, true);
  view.setUint32(at + 42, headerStart, true);
}

/** What both headers begin with: version 4.5 to read it, UTF-8 where the name is no ASCII, stored, 1 January 1980, checksum. */
function writeShared(view: DataView, at: number, fileName: Uint8Array, crc: number): void {
  view.setUint16(at, 45, true);
  view.setUint16(at + 2, fileName.some((byte) => byte > 0x7f) ? 0x800 : 0, true);
  view.setUint16(at + 8, 0x21, true);
  view.setUint32(at + 10, crc, true);
}
