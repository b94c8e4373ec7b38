import { isVitrailError, VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';
import { fileFormat } from './file-format.ts';
import { headerLength, parseHeader } from './safetensors-header.ts';
import { decodeValues } from './stored-values.ts';
import { type TensorFile, tensorFile } from './tensor-file.ts';

/**
 * Opens a safetensors file: reads its header, checks it as `decodeSafetensors` does, and gives the tensors one by one.
 *
 * @throws `corrupt-data` saying what is wrong; what the source throws.
 *
 * @example (await openSafetensors(source)).tensors['fc.kernel'] // { dtype: 'F32', shape: [8, 4] }
 */
export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  const dataStart = 8 + (await readLength(source));
  const header = await source.read(8, dataStart);
  const { entries, metadata } = inFile(source, () => parseHeader(header, source.size - dataStart));
  const named = entries.map((entry) => [entry.name, entry] as const);
  return tensorFile(
    { format: 'safetensors', metadata, source: source.name, entries: named },
    async ({ dtype, shape, begin, end }) => decodeValues(dtype, shape, await source.read(dataStart + begin, dataStart + end)),
  );
}

async function readLength(source: ByteSource): Promise<number> {
  const start = await source.read(0, Math.min(8, source.size));
  try {
    return inFile(source, () => headerLength(start, source.size));
  } catch (error) {
    // A length that makes no sense is mostly a file that is something else.
    const isZip = (await fileFormat(source)) === 'zip';
    throw isZip ? new VitrailError('corrupt-data', `${source.name} is an archive; open it with openTensorFile`) : error;
  }
}

/** What `parse` gives; what it says is wrong with the bytes names their file. */
function inFile<Result>(source: ByteSource, parse: () => Result): Result {
  try {
    return parse();
  } catch (cause) {
    if (!isVitrailError(cause)) throw cause;
    throw new VitrailError(cause.code, `${source.name}: ${cause.message}`, { cause });
  }
}
