import { VitrailError } from '@vitrail/core';

/** The newest whole checkpoint of a run. */
export type KeptCheckpoint = {
  readonly step: number;
  readonly names: readonly string[];
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
};

/** The checkpoints of one run in the storage that the browser gives this page alone (OPFS). */
export type Checkpoints = {
  /**
   * Writes the files of one step. It is there whole or not at all: `manifest.json`, with the length of every file, is written last, and a
   * folder without one does not count. Older ones are removed then, but for the one before.
   *
   * @throws `io` when the storage is full, or may not be written: nothing half-written stays, and earlier checkpoints are as they were
   */
  write(step: number, files: Readonly<Record<string, Uint8Array | string>>): Promise<void>;
  /** The newest one that is whole. */
  latest(): Promise<KeptCheckpoint | undefined>;
  /** Removes all of them. */
  clear(): Promise<void>;
};

const manifest = 'manifest.json';

/**
 * Opens, or makes, the checkpoints of a run.
 *
 * @param run its name
 * @throws `unavailable` where the browser gives no storage
 */
export async function openCheckpoints(run: string): Promise<Checkpoints> {
  const root = await openRoot();
  const open = () => root.getDirectoryHandle(run, { create: true });
  return {
    async write(step, files) {
      const directory = await open();
      const name = folderName(step);
      try {
        await remove(directory, name);
        const folder = await directory.getDirectoryHandle(name, { create: true });
        const lengths: Record<string, number> = {};
        for (const [file, content] of Object.entries(files)) lengths[file] = await writeFile(folder, file, content);
        await writeFile(folder, manifest, JSON.stringify({ files: lengths }));
      } catch (cause) {
        await remove(directory, name).catch(() => {});
        throw await storageError(cause);
      }
      for (const old of (await stepsOf(directory)).slice(2)) await remove(directory, folderName(old));
    },
    async latest() {
      const directory = await open();
      for (const step of await stepsOf(directory)) {
        const folder = await directory.getDirectoryHandle(folderName(step));
        const names = await wholeFiles(folder);
        if (names !== undefined) return { step, names, read: (name) => readFile(folder, name) };
      }
      return undefined;
    },
    clear: () => remove(root, run),
  };
}

async function openRoot(): Promise<FileSystemDirectoryHandle> {
  try {
    return await navigator.storage.getDirectory();
  } catch (cause) {
    throw new VitrailError('unavailable', `this browser gives the page no storage here (${(cause as Error).message})`, { cause });
  }
}

/** Newest first. */
async function stepsOf(directory: FileSystemDirectoryHandle): Promise<number[]> {
  const steps: number[] = [];
  for await (const name of (directory as unknown as { keys(): AsyncIterable<string> }).keys()) {
    const match = /^step-(\d{6,})$/.exec(name);
    if (match !== null) steps.push(Number(match[1]));
  }
  return steps.sort((a, b) => b - a);
}

/** The names of the files, if all are there and as long as they were written. */
async function wholeFiles(folder: FileSystemDirectoryHandle): Promise<readonly string[] | undefined> {
  try {
    const { files } = JSON.parse(new TextDecoder().decode(await readFile(folder, manifest))) as { files: Record<string, number> };
    const sizes = await Promise.all(Object.keys(files).map(async (name) => (await fileOf(folder, name)).size));
    return Object.values(files).every((length, i) => sizes[i] === length) ? Object.keys(files) : undefined;
  } catch {
    return undefined;
  }
}

async function writeFile(folder: FileSystemDirectoryHandle, name: string, content: Uint8Array | string): Promise<number> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const handle = await folder.getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  await stream.write(bytes as Uint8Array<ArrayBuffer>);
  await stream.close();
  return bytes.length;
}

async function fileOf(folder: FileSystemDirectoryHandle, name: string): Promise<File> {
  return (await folder.getFileHandle(name)).getFile();
}

async function readFile(folder: FileSystemDirectoryHandle, name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fileOf(folder, name)).arrayBuffer());
}

async function remove(directory: FileSystemDirectoryHandle, name: string): Promise<void> {
  await directory.removeEntry(name, { recursive: true }).catch((error: DOMException) => {
    if (error.name !== 'NotFoundError') throw error;
  });
}

async function storageError(cause: unknown): Promise<VitrailError> {
  const { name, message } = cause as Error;
  if (name !== 'QuotaExceededError')
    return new VitrailError('io', `the browser's storage could not be written: ${message}`, { cause });
  const { quota = 0, usage = 0 } = await navigator.storage.estimate().catch(() => ({}) as StorageEstimate);
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return new VitrailError(
    'io',
    `the storage that the browser gives this page is full (${megabytes(usage)} of ${megabytes(quota)})`,
    { cause },
  );
}

function folderName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}
