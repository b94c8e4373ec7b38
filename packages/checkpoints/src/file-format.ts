import { VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';

/** Enough of a file to tell its format. */
const beginningLength = 64;

/**
 * The format of a file by how it begins: `zip` are npz and torch files. `undefined` where nothing is recognised.
 *
 * @throws `corrupt-data` for formats that are recognised and not read, naming what it is and what to do.
 */
export async function fileFormat(source: ByteSource): Promise<'safetensors' | 'zip' | undefined> {
  if (source.size === 0) throw new VitrailError('corrupt-data', `${source.name} is empty`);
  const first = String.fromCharCode(...(await source.read(0, Math.min(beginningLength, source.size))));
  if (first.startsWith('PK\x03\x04') || first.startsWith('PK\x05\x06')) return 'zip';
  // The length of a header is below 2^32, and JSON follows.
  if (first.slice(4, 9) === '\0\0\0\0{') return 'safetensors';
  const other = otherFormats.find(([beginning]) => first.toLowerCase().startsWith(beginning));
  if (other !== undefined) throw new VitrailError('corrupt-data', `${source.name} is ${other[1]}`);
  return undefined;
}

const pickle =
  'a pickle outside of an archive, as torch.save wrote before 1.6; with a current torch: torch.save(torch.load(path, weights_only=True), path)';
const page = 'a web page, perhaps of a server that wants you to log in';

/** What people have in hand instead, by how it begins, in lower case. */
const otherFormats: readonly (readonly [string, string])[] = [
  ['version https://git-lfs', 'a pointer of Git LFS, not the file it stands for; fetch that with `git lfs pull`'],
  ['<!doctype', page],
  ['<html', page],
  ['\x93numpy', 'a single array; save it as .npz: numpy.savez("file.npz", name=array)'],
  ['\x89hdf', 'an HDF5 file; save its arrays as safetensors'],
  ['gguf', 'a GGUF file; take the safetensors that it was made of'],
  ['\x80\x02', pickle],
  ['\x80\x03', pickle],
  ['\x80\x04', pickle],
  ['\x80\x05', pickle],
];
