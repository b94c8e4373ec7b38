import { VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';
import { npzFile } from './open-npz.ts';
import { openSafetensors } from './open-safetensors.ts';
import { torchFile } from './open-torch.ts';
import type { TensorFile } from './tensor-file.ts';
import { readZip } from './zip-directory.ts';

/**
 * Opens a file of named tensors, whichever of the formats it has: safetensors, `.npz`, or what `torch.save` writes. The content decides, not
 * the name.
 *
 * @throws `corrupt-data` for a damaged file and for any other, naming what it is where that can be told; what the source throws.
 *
 * @example (await openTensorFile(await httpSource(url))).format // 'safetensors'
 */
export async function openTensorFile(source: ByteSource): Promise<TensorFile> {
  if (source.size === 0) throw new VitrailError('corrupt-data', `${source.name} is empty`);
  const first = String.fromCharCode(...(await source.read(0, Math.min(64, source.size))));
  if (first.startsWith('PK\x03\x04') || first.startsWith('PK\x05\x06')) {
    const zip = await readZip(source);
    const isTorch = [...zip.members.keys()].some((name) => name.endsWith('/data.pkl'));
    return await (isTorch ? torchFile(zip) : npzFile(zip));
  }
  // The length of a header is below 2^32, and JSON follows.
  if (first.slice(4, 9) === '\0\0\0\0{') return await openSafetensors(source);
  const other = otherFormats.find(([beginning]) => first.toLowerCase().startsWith(beginning));
  if (other !== undefined) throw new VitrailError('corrupt-data', `${source.name} is ${other[1]}`);
  throw new VitrailError('corrupt-data', `${source.name} is none of the formats that are read: safetensors, npz, torch`);
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
