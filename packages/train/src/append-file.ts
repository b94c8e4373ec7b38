import { closeSync, fstatSync, fsync, fsyncSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { VitrailError } from '@vitrail/core';
import { ioError } from './io-error.ts';

/** A file that grows by whole records. */
export type AppendFile = {
  readonly path: string;
  /** Writes a record; when it returns, the operating system has it, and a process that is killed no longer takes it along. */
  append(record: Uint8Array | string): void;
  /** Waits until all records are on the disk. */
  flush(): Promise<void>;
  /** Flushes and closes; a second call does nothing. */
  close(): Promise<void>;
};

/**
 * Opens a file to append records to.
 *
 * @param options.mustBeNew fail with the system's `EEXIST` (as the cause) when the file is there.
 * @throws `io` with the system's reason, here and from every function of the file. A record that could only be written in part is taken back.
 */
export function openAppendFile(path: string, { mustBeNew = false }: { mustBeNew?: boolean } = {}): AppendFile {
  const doing = `${path} could not be written`;
  let file: number | undefined = attempt(doing, () => openSync(path, mustBeNew ? 'ax' : 'a'));
  return {
    path,
    append(record) {
      // The number of a closed file may be that of another by now.
      if (file === undefined) throw new VitrailError('invalid-argument', `${path} was closed: nothing can be logged any more`);
      const { size } = fstatSync(file);
      try {
        writeFileSync(file, record);
      } catch (cause) {
        takeBack(file, size);
        throw ioError(doing, cause);
      }
    },
    async flush() {
      if (file === undefined) return;
      try {
        await promisify(fsync)(file);
      } catch (cause) {
        throw ioError(doing, cause);
      }
    },
    async close() {
      if (file === undefined) return;
      const open = file;
      file = undefined;
      attempt(doing, () => {
        try {
          fsyncSync(open);
        } finally {
          closeSync(open);
        }
      });
    },
  };
}

function takeBack(file: number, size: number): void {
  try {
    ftruncateSync(file, size);
  } catch {
    // The half record stays, and is left out when the file is read; the error to report is the one that came first.
  }
}

function attempt<T>(doing: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw ioError(doing, cause);
  }
}
