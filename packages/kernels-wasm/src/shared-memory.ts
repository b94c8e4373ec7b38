/** Sections of a WebAssembly module that may declare its memory. */
const importSection = 2;
const memorySection = 5;
const importKinds = { function: 0, table: 1, memory: 2, global: 3 } as const;
/** Flags of a memory's limits: it has a maximum; it is shared. */
const hasMaximum = 1;
const isShared = 2;

/**
 * A copy of a WebAssembly module whose memory, imported or its own, is shared between threads: one bit of the module. Its code
 * needs no change, because ordinary loads and stores work on shared memory as on any other. The memory must have a maximum size.
 *
 * @throws RangeError for a module that has no memory with a maximum: a defect of the file, which no argument of the user's can
 *   mend
 */
export function withSharedMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(module);
  const at = limitsOfMemory(copy);
  if (at === undefined || (copy[at] & hasMaximum) === 0) {
    throw new RangeError('expected a WebAssembly module with a memory that has a maximum size, but this one has none');
  }
  copy[at] |= isShared;
  return copy;
}

/** Where the limits of the module's memory begin. */
function limitsOfMemory(module: Uint8Array): number | undefined {
  const reader = { module, at: 8 };
  while (reader.at < module.length) {
    const section = module[reader.at++];
    const end = readInteger(reader) + reader.at;
    if (section === memorySection) {
      readInteger(reader);
      return reader.at;
    }
    if (section === importSection) {
      const found = limitsOfImport(reader);
      if (found !== undefined) return found;
    }
    reader.at = end;
  }
  return undefined;
}

function limitsOfImport(reader: Reader): number | undefined {
  for (let left = readInteger(reader); left > 0; left--) {
    skipName(reader);
    skipName(reader);
    const kind = reader.module[reader.at++];
    if (kind === importKinds.memory) return reader.at;
    if (kind === importKinds.function) readInteger(reader);
    else if (kind === importKinds.global) reader.at += 2;
    else {
      reader.at++;
      const flags = readInteger(reader);
      for (let limits = flags & hasMaximum ? 2 : 1; limits > 0; limits--) readInteger(reader);
    }
  }
  return undefined;
}

function skipName(reader: Reader): void {
  const length = readInteger(reader);
  reader.at += length;
}

type Reader = { module: Uint8Array; at: number };

/** An unsigned integer in LEB128, seven bits a byte. */
function readInteger(reader: Reader): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = reader.module[reader.at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
}
