import type { VitrailError } from '@vitrail/core';
import { type Dtype, dtypes, elementCount } from './tensor-data.ts';
import type { TensorInfo } from './tensor-file.ts';

/** What stands before the values of a `.npy` file. `length` is that of all of it in bytes. */
export type NpyHeader = TensorInfo & { readonly length: number; readonly isBigEndian: boolean; readonly isColumnMajor: boolean };

/** The longest header that is read, in bytes: what NumPy reads. */
const maximumLength = 10_000;

/** Enough of a file to hold any header. */
export const longestHeader = 12 + maximumLength;

/** NumPy's names of element types. */
const typeNames: Readonly<Record<Dtype, string>> = {
  BOOL: 'b1',
  U8: 'u1',
  I8: 'i1',
  I16: 'i2',
  U16: 'u2',
  F16: 'f2',
  BF16: 'V2',
  I32: 'i4',
  U32: 'u4',
  F32: 'f4',
  F64: 'f8',
  I64: 'i8',
  U64: 'u8',
};

/**
 * Reads the header of a `.npy` file, versions 1.0 to 3.0 (numpy.lib.format).
 *
 * NumPy has no bfloat16: what JAX saves of it are elements of 2 bytes without a meaning (`V2`), which are taken for bfloat16.
 *
 * @param bytes the beginning of the file, up to {@link longestHeader} bytes of it. `undefined` when the header goes on beyond these.
 */
export function parseNpyHeader(bytes: Uint8Array, wrong: (what: string) => VitrailError): NpyHeader | undefined {
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== '\x93NUMPY') throw wrong('is no .npy file');
  const version = bytes[6];
  if (!(version >= 1 && version <= 3 && bytes[7] === 0)) throw wrong(`has version ${version}.${bytes[7]}; 1.0 to 3.0 are read`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [start, textLength] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (textLength > maximumLength) throw wrong(`has a header of at most ${maximumLength} bytes, but claims ${textLength}`);
  const length = start + textLength;
  if (length > bytes.length) return undefined;
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(start, length));
  const { descr, fortran_order: order, shape } = parseFields(text, wrong);
  return { length, ...parseType(descr, wrong), isColumnMajor: order === 'True', shape: parseShape(shape, wrong) };
}

/** The header that NumPy writes for an array in row-major order, to the byte. */
export function formatNpyHeader(dtype: Dtype, shape: readonly number[]): Uint8Array {
  const order = dtypes[dtype].bytes === 1 ? '|' : '<';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const fields = `{'descr': '${order}${typeNames[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // NumPy leaves room for the first axis to grow to 21 digits, and starts the values at a multiple of 64.
  const roomy = fields + (shape.length === 0 ? '' : ' '.repeat(21 - String(shape[0]).length));
  const length = Math.ceil((10 + roomy.length + 1) / 64) * 64;
  const bytes = new TextEncoder().encode(`\0NUMPY\x01\0\0\0${roomy.padEnd(length - 11)}\n`);
  bytes[0] = 0x93;
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  return bytes;
}

/** The three fields of a Python dict display that holds nothing else. */
function parseFields(text: string, wrong: (what: string) => VitrailError): Record<'descr' | 'fortran_order' | 'shape', string> {
  const malformed = () => wrong(`has a header that is not understood: ${text.trim().slice(0, 120)}`);
  const inside = /^\{(.*)\}\s*$/s.exec(text)?.[1];
  if (inside === undefined) throw malformed();
  const field = /\s*'(\w+)'\s*:\s*('[^'\\]*'|True|False|\([\dL,\s]*\))\s*(?:,\s*|$)/y;
  const fields: [string, string][] = [];
  while (field.lastIndex < inside.length) {
    const match = field.exec(inside);
    if (match === null) throw malformed();
    fields.push([match[1], match[2]]);
  }
  if (String(fields.map(([name]) => name).sort()) !== 'descr,fortran_order,shape') throw malformed();
  const { descr, fortran_order, shape } = Object.fromEntries(fields);
  if (!(descr.startsWith("'") && /^(True|False)$/.test(fortran_order) && shape.startsWith('('))) throw malformed();
  return { descr: descr.slice(1, -1), fortran_order, shape };
}

function parseType(descr: string, wrong: (what: string) => VitrailError): { dtype: Dtype; isBigEndian: boolean } {
  const [order, name] = [descr[0], descr.slice(1)];
  const dtype = (Object.keys(typeNames) as Dtype[]).find((key) => typeNames[key] === name);
  const isOrdered = order === '<' || order === '>' || (order === '|' && (dtype === 'BF16' || name.endsWith('1')));
  if (dtype === undefined || !isOrdered) {
    throw wrong(`has the element type '${descr}'; ${Object.values(typeNames).join(', ')} are read, after < or > or |`);
  }
  return { dtype, isBigEndian: order === '>' };
}

function parseShape(text: string, wrong: (what: string) => VitrailError): number[] {
  const malformed = () => wrong(`has a shape that is none: ${text.slice(0, 120)}`);
  const lengths = text
    .slice(1, -1)
    .split(',')
    .map((length) => length.trim());
  if (lengths.at(-1) === '') lengths.pop();
  else if (lengths.length === 1) throw malformed(); // (3) is a number in Python.
  if (!lengths.every((length) => /^\d+L?$/.test(length))) throw malformed();
  const shape = lengths.map((length) => Number.parseInt(length, 10));
  if (elementCount(shape) === undefined) throw malformed();
  return shape;
}
