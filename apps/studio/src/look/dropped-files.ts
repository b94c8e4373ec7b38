/** What was dropped: the files of a folder, too. */
export type Dropped = { readonly files: readonly File[]; readonly hasFolder: boolean };

/** More files than any model has: somebody dropped a whole disk. */
const MOST_FILES = 1000;

/** Reads what was dropped; call it at once in the handler of `drop`, after which the browser forgets it. */
export async function readDropped(transfer: DataTransfer): Promise<Dropped> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return { files: [...transfer.files], hasFolder: false };
  const files: File[] = [];
  for (const entry of entries) await collect(entry, files);
  return { files, hasFolder: entries.some((entry) => entry.isDirectory) };
}

async function collect(entry: FileSystemEntry, files: File[]): Promise<void> {
  if (files.length >= MOST_FILES) return;
  if (entry.isFile) {
    files.push(await new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const some = () => new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
  // A reader gives a hundred entries at a time.
  for (let next = await some(); next.length > 0; next = await some()) {
    for (const inside of next) await collect(inside, files);
  }
}

/** Whether files are a model's: weights, or what lies beside them. */
export function looksLikeModel({ files, hasFolder }: Dropped): boolean {
  return hasFolder || files.some(({ name }) => /\.(safetensors|npz|pt|pth|bin|model|spiece|json|gz)$/.test(name));
}
