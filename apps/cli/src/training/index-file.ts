import { readFile } from 'node:fs/promises';
import { replaceFile } from '@vitrail/checkpoints/node';
import type { IndexStore } from '@vitrail/data';

/** A store whose file is written by {@link IndexFile.write}: when the data of a new run is opened there is no run directory yet. */
export type IndexFile = IndexStore & {
  /** Writes what was saved since, if anything was. @throws `io` when the disk is full or may not be written. */
  write(): Promise<void>;
};

/** Keeps an index of shards in a file. One that is not there or cannot be read costs the time of making it again. */
export function indexFile(path: string): IndexFile {
  let unwritten: Uint8Array | undefined;
  return {
    load: () => readFile(path).catch(() => undefined),
    async save(bytes) {
      unwritten = bytes;
    },
    async write() {
      if (unwritten !== undefined) await replaceFile(path, unwritten);
      unwritten = undefined;
    },
  };
}
