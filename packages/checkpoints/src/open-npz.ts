import { VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';
import { concurrently } from './concurrently.ts';
import { crc32 } from './crc32.ts';
import { longestHeader, type NpyHeader, parseNpyHeader } from './npy-header.ts';
import { decodeValues } from './stored-values.ts';
import { columnMajorStrides, gather, swapBytes } from './strided.ts';
import { dtypes, elementCount, type TensorData } from './tensor-data.ts';
import { type TensorFile, tensorFile } from './tensor-file.ts';
import { readZip, type Zip, type ZipMember } from './zip-directory.ts';
import { readMember } from './zip-member.ts';

/** What is read of an array to see its header; almost every header is shorter. */
const firstRead = 2048;

/**
 * Opens a `.npz` file of NumPy: reads the directory of the archive and the header of every array, and gives the arrays one by one, whichever
 * their byte order and order of axes. Deflated ones are inflated as they are read.
 *
 * Arrays are named as NumPy names them, without `.npy`. Members that are no arrays are named in `metadata.ignored`. Elements of 2 bytes
 * without a type (`V2`: what JAX makes of bfloat16) are read as `BF16`.
 *
 * @throws `corrupt-data` saying what is wrong, also for arrays of objects, texts and complex numbers; what the source throws. `read` checks
 * the CRC-32 of the array.
 *
 * @example (await openNpz(source)).tensors['params/head/kernel'] // { dtype: 'F32', shape: [768, 1000] }
 */
export async function openNpz(source: ByteSource): Promise<TensorFile> {
  return await npzFile(await readZip(source));
}

/** {@link openNpz} of an archive whose directory was read. */
export async function npzFile(zip: Zip): Promise<TensorFile> {
  const members = [...zip.members.values()];
  const arrays = members.filter(({ name }) => name.endsWith('.npy'));
  const ignored = members.filter(({ name }) => !name.endsWith('.npy')).map(({ name }) => name);
  const headers = await concurrently(arrays, (member) => readHeader(zip, member));
  const entries = arrays.map((member, i) => [member.name.slice(0, -4), { ...headers[i], member }] as const);
  const metadata: Record<string, string> = ignored.length > 0 ? { ignored: ignored.join(', ') } : {};
  return tensorFile({ format: 'npz', metadata, source: zip.source.name, entries }, (entry) => readArray(zip, entry));
}

async function readHeader(zip: Zip, member: ZipMember): Promise<NpyHeader> {
  const wrong = wrongArray(zip, member);
  let header: NpyHeader | undefined;
  for (const length of [firstRead, longestHeader]) {
    header ??= parseNpyHeader(await readMember(zip, member, 0, Math.min(length, member.size)), wrong);
  }
  if (header === undefined) throw wrong('ends within its header');
  const expected = header.length + byteLength(header);
  if (expected === member.size) return header;
  throw wrong(`has ${member.size} bytes, but ${header.dtype} of shape [${header.shape}] takes ${expected}`);
}

async function readArray(zip: Zip, entry: NpyHeader & { member: ZipMember }): Promise<TensorData> {
  const { dtype, shape, member } = entry;
  const content = await readMember(zip, member);
  if (crc32(content) !== member.crc) throw wrongArray(zip, member)('is damaged: its checksum is another');
  const bytes = content.subarray(entry.length);
  const width = dtypes[dtype].bytes;
  if (entry.isBigEndian) swapBytes(bytes, width);
  if (!entry.isColumnMajor) return decodeValues(dtype, shape, bytes);
  return decodeValues(dtype, shape, gather(bytes, width, { shape, strides: columnMajorStrides(shape), offset: 0 }));
}

function byteLength({ dtype, shape }: NpyHeader): number {
  return (elementCount(shape) ?? Number.NaN) * dtypes[dtype].bytes;
}

function wrongArray(zip: Zip, member: ZipMember): (what: string) => VitrailError {
  return (what) => new VitrailError('corrupt-data', `${zip.source.name}: the array "${member.name}" ${what}`);
}
