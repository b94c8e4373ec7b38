import { isVitrailError, VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';
import { keyText, longestPickle } from './pickle.ts';
import { decodeValues } from './stored-values.ts';
import { gather, isRowMajor, span, swapBytes } from './strided.ts';
import { dtypes, elementCount, type TensorData } from './tensor-data.ts';
import { type TensorFile, tensorFile } from './tensor-file.ts';
import { isObject, isTensor, readTorchPickle, type TorchTensor } from './torch-pickle.ts';
import { readZip, type Zip } from './zip-directory.ts';
import { readMember } from './zip-member.ts';

/** Where training programs keep the state dict of the model beside other things: the third is DeepSpeed's name, the last that of DINO and DINOv2. */
const wrappers = ['state_dict', 'model', 'module', 'teacher'];

/** The most attributes of a TorchScript module, those of its modules included. */
const mostAttributes = 1_000_000;
const deepestModule = 100;
const longestPath = 10_000;

/**
 * Opens a file that `torch.save` wrote (`.pt`, `.pth`, `.bin`; PyTorch 1.6 and later): reads its directory and its pickle, runs none of it,
 * and gives the tensors one by one, also those that are views of others.
 *
 * The object in the file is a dict. Where it holds a dict with tensors under `state_dict`, `model`, `module` or `teacher` (the first of these
 * that there is), the tensors are those, and `metadata.entry` names it; otherwise they are the tensors of the dict itself. What else is there is named
 * in `metadata.ignored`. Of an archive of TorchScript the tensors are the attributes of the modules by dotted path: parameters, buffers and
 * tensors of other attributes, which such an archive does not tell apart; `metadata.entry` is the class of the outermost module.
 *
 * Checksums are not compared: PyTorch can be told not to write them.
 *
 * @throws `corrupt-data` for what is damaged, for files of before 1.6, for a pickle that would call anything but what rebuilds tensors
 * (named in the message), and where there are no tensors; what the source throws.
 *
 * @example (await openTorch(source)).tensors['visual.proj'] // { dtype: 'F16', shape: [768, 512] }
 */
export async function openTorch(source: ByteSource): Promise<TensorFile> {
  return await torchFile(await readZip(source));
}

/** {@link openTorch} of an archive whose directory was read. */
export async function torchFile(zip: Zip): Promise<TensorFile> {
  const corrupt = (what: string) => new VitrailError('corrupt-data', `${zip.source.name}: ${what}`);
  const pickles = [...zip.members.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) throw corrupt(`an archive of torch.save has one data.pkl, but this one has ${pickles.length}`);
  const [{ name, size }] = pickles;
  const folder = name.slice(0, -'data.pkl'.length);
  if (size > longestPickle) throw corrupt(`a pickle has at most ${longestPickle} bytes, but this one has ${size}`);
  const isScripted = zip.members.has(`${folder}constants.pkl`);
  const pickle = await readMember(zip, pickles[0]);
  const { tensors, metadata } = named(
    inFile(zip, () => readTorchPickle(pickle, { isScripted })),
    corrupt,
  );
  for (const [tensor, { storage }] of tensors) {
    const found = zip.members.get(`${folder}data/${storage.key}`)?.size;
    if (found === undefined) throw corrupt(`storage ${storage.key} of tensor "${tensor}" is not in the archive`);
    if (found !== storage.bytes)
      throw corrupt(`storage ${storage.key} of tensor "${tensor}" has ${found} bytes, but claims ${storage.bytes}`);
  }
  const isBigEndian = await readByteOrder(zip, folder, corrupt);
  return tensorFile({ format: 'torch', metadata, source: zip.source.name, entries: tensors }, (tensor) =>
    readTensor(zip, folder, tensor, isBigEndian),
  );
}

type Named = { tensors: (readonly [string, TorchTensor])[]; metadata: Record<string, string> };
type Corrupt = (what: string) => VitrailError;

function named(object: unknown, corrupt: Corrupt): Named {
  if (isObject(object)) return { tensors: moduleTensors(object, corrupt), metadata: { entry: object.className } };
  if (!(object instanceof Map)) throw corrupt('the object in it is no dict; save a dict of tensors, such as model.state_dict()');
  const wrapper = wrappers.find((key) => object.get(key) instanceof Map && [...object.get(key).values()].some(isTensor));
  const dict: Map<unknown, unknown> = wrapper === undefined ? object : object.get(wrapper);
  const entries = [...dict].map(([key, value]) => [keyText(key), value] as const);
  const tensors = entries.filter((entry): entry is readonly [string, TorchTensor] => isTensor(entry[1]));
  const keys = [...object.keys()].map(keyText);
  if (tensors.length === 0)
    throw corrupt(`no tensors are in it, nor under ${wrappers.join(', ')}; it has ${keys.slice(0, 20).join(', ')}`);
  if ([...dict].some(([key, value]) => isTensor(value) && typeof key !== 'string')) throw corrupt('a tensor in it has no name');
  const within = entries
    .filter(([, value]) => !isTensor(value))
    .map(([key]) => (wrapper === undefined ? key : `${wrapper}.${key}`));
  const ignored = wrapper === undefined ? within : [...keys.filter((key) => key !== wrapper), ...within];
  const metadata = {
    ...(wrapper !== undefined && { entry: wrapper }),
    ...(ignored.length > 0 && { ignored: ignored.join(', ') }),
  };
  return { tensors, metadata };
}

/** The tensors of a module and of those in it, by dotted path. A list of what is still to be visited: modules may hold one another. */
function moduleTensors(module: unknown, corrupt: Corrupt): [string, TorchTensor][] {
  const found: [string, TorchTensor][] = [];
  let visited = 0;
  const pending: { path: string; value: unknown; depth: number }[] = [{ path: '', value: module, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { path, value, depth } = next;
    if (isTensor(value)) found.push([path, value]);
    if (!isObject(value) || value.attributes === undefined) continue;
    if (depth > deepestModule || path.length > longestPath)
      throw corrupt(`its modules are nested more than ${deepestModule} deep, or have endless names`);
    visited += value.attributes.size;
    if (visited > mostAttributes) throw corrupt(`its modules have more than ${mostAttributes} attributes`);
    const attributes = [...value.attributes].map(([key, attribute]) => {
      if (typeof key !== 'string') throw corrupt('an attribute of a module has no name');
      const name = path === '' ? key : `${path}.${key}`;
      return { path: name, value: attribute, depth: depth + 1 };
    });
    pending.push(...attributes.reverse());
  }
  if (found.length === 0) throw corrupt('no tensors are in its modules');
  return found;
}

async function readByteOrder(zip: Zip, folder: string, corrupt: Corrupt): Promise<boolean> {
  const member = zip.members.get(`${folder}byteorder`);
  if (member === undefined) return false; // Before PyTorch 2.1: of the machine that wrote it, and hardly any is big-endian.
  const order = member.size > 6 ? undefined : new TextDecoder().decode(await readMember(zip, member));
  if (order === 'little' || order === 'big') return order === 'big';
  throw corrupt('its byte order is neither little nor big');
}

async function readTensor(zip: Zip, folder: string, tensor: TorchTensor, isBigEndian: boolean): Promise<TensorData> {
  const { dtype, shape, offset, storage } = tensor;
  const member = zip.members.get(`${folder}data/${storage.key}`);
  const width = dtypes[dtype].bytes;
  // A tensor without elements may have any offset.
  const isEmpty = elementCount(shape) === 0;
  if (member === undefined || isEmpty) return decodeValues(dtype, shape, new Uint8Array(0));
  const bytes = await readMember(zip, member, offset * width, (offset + span(tensor)) * width);
  if (isBigEndian) swapBytes(bytes, width);
  return decodeValues(dtype, shape, isRowMajor(tensor) ? bytes : gather(bytes, width, { ...tensor, offset: 0 }));
}

/** Says of which file an error is. */
function inFile<Result>(zip: Zip, run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    if (!isVitrailError(cause)) throw cause;
    throw new VitrailError('corrupt-data', `${zip.source.name}: ${cause.message}`, { cause });
  }
}
