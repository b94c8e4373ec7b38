import { VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';
import { fileFormat } from './file-format.ts';
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
  const format = await fileFormat(source);
  if (format === 'safetensors') return await openSafetensors(source);
  if (format === undefined) {
    throw new VitrailError('corrupt-data', `${source.name} is none of the formats that are read: safetensors, npz, torch`);
  }
  const zip = await readZip(source);
  const isTorch = [...zip.members.keys()].some((name) => name.endsWith('/data.pkl'));
  return await (isTorch ? torchFile(zip) : npzFile(zip));
}
