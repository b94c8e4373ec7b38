import { type FileHandle, open } from 'node:fs/promises';
import { VitrailError } from '@vitrail/core';
import { type ByteSource, requireLength, requireRange } from './byte-source.ts';
import { ioError, isMissing } from './io-error.ts';

/** The most that is asked of the operating system at once: some cannot read 2 GiB. */
const mostAtOnce = 2 ** 30;

/**
 * The bytes of a file on a disk, which stays open until the caller closes it.
 *
 * @throws `missing-data` when there is no such file; `io` when the operating system refuses.
 *
 * @example const source = await openFileSource('model.safetensors'); // then: await source.close()
 */
export async function openFileSource(path: string): Promise<ByteSource & { close(): Promise<void> }> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    if (isMissing(cause)) throw new VitrailError('missing-data', `${path} is not there`, { cause });
    throw ioError(`${path} could not be opened`, cause);
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new VitrailError('io', `${path} is no file`);
    const { size } = status;
    return {
      name: path,
      size,
      async read(begin, end) {
        requireRange(path, size, begin, end);
        return requireLength(path, await readRange(file, path, begin, end), begin, end);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What is there of `[begin, end)`. */
async function readRange(file: FileHandle, path: string, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin);
  let at = 0;
  while (at < bytes.length) {
    const length = Math.min(bytes.length - at, mostAtOnce);
    try {
      const { bytesRead } = await file.read(bytes, at, length, begin + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    } catch (cause) {
      throw ioError(`${path} could not be read`, cause);
    }
  }
  return bytes.subarray(0, at);
}
