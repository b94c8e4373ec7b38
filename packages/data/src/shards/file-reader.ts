import { type FileHandle, open } from 'node:fs/promises';
import { isVitrailError, VitrailError } from '@vitrail/core';
import type { RangeReader } from './range-reader.ts';

/** Readers of local files that share a bounded number of open handles, so that a set of ten thousand shards needs no raised limit. */
export interface FilePool {
  /** Opens the file to learn its size and when it was last changed, which is its `version`. @throws `missing-data` when there is none, `io` when it cannot be read. */
  reader(path: string): Promise<RangeReader>;
}

type Entry = { readonly handle: Promise<FileHandle>; users: number };

/** A pool that keeps at most `maximum` files open. Files are opened when they are first read, the least recently used one giving way. */
export function filePool(maximum = 64): FilePool {
  // In order of use: a Map remembers insertion, and every use inserts again.
  const entries = new Map<string, Entry>();
  const waiting: (() => void)[] = [];
  let closing = 0; // A file that is being closed still has its handle.

  const acquire = async (path: string): Promise<Entry> => {
    for (;;) {
      const known = entries.get(path);
      if (known !== undefined || entries.size + closing < maximum) {
        const entry = known ?? { handle: open(path, 'r'), users: 0 };
        entries.delete(path);
        entries.set(path, entry);
        entry.users++;
        // A file that did not open keeps no place.
        if (known === undefined) entry.handle.catch(() => entries.get(path) === entry && entries.delete(path));
        return entry;
      }
      const idle = [...entries].find(([, entry]) => entry.users === 0);
      if (idle !== undefined) await drop(idle[0]);
      else await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const release = (entry: Entry) => {
    entry.users--;
    waiting.shift()?.();
  };
  const drop = async (path: string) => {
    const entry = entries.get(path);
    if (entry === undefined) return;
    entries.delete(path);
    closing++;
    await entry.handle.then((handle) => handle.close()).catch(() => {});
    closing--;
    waiting.shift()?.();
  };

  const withHandle = async <T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> => {
    const entry = await acquire(path);
    try {
      return await work(await entry.handle);
    } catch (error) {
      throw systemError(path, error);
    } finally {
      release(entry);
    }
  };

  return {
    async reader(path) {
      const { size, mtimeMs } = await withHandle(path, (handle) => handle.stat());
      let closed = false;
      return {
        size,
        version: String(mtimeMs),
        async read(offset, length) {
          if (closed) throw new VitrailError('io', `${path}: this file was closed`);
          return withHandle(path, async (handle) => {
            const bytes = new Uint8Array(length);
            let filled = 0;
            while (filled < length) {
              const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
              if (bytesRead === 0)
                throw new VitrailError(
                  'corrupt-data',
                  `${path}: it has grown shorter than ${offset + length} bytes since it was opened`,
                );
              filled += bytesRead;
            }
            return bytes;
          });
        },
        async close() {
          closed = true;
          await drop(path);
        },
      };
    },
  };
}

function systemError(path: string, error: unknown): unknown {
  if (isVitrailError(error) || !(error instanceof Error && 'code' in error)) return error;
  return new VitrailError(error.code === 'ENOENT' ? 'missing-data' : 'io', `${path}: ${error.message}`, { cause: error });
}
