import { crc32 } from '../src/crc32.ts';

/** A member of an archive: its content, and what the headers claim of it where that is not the truth. */
export type Made = {
  name: string;
  content: Uint8Array;
  stored?: Uint8Array;
  size?: number;
  flags?: number;
  method?: number;
  start?: number;
};

/** An archive, also an untrue one. */
export function makeZip(members: readonly Made[], { count = members.length, part = 0 } = {}): Uint8Array {
  const [local, directory]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const {
    name,
    content,
    stored = content,
    size = content.length,
    flags = 0,
    method = stored === content ? 0 : 8,
    start = at,
  } of members) {
    const header = Buffer.alloc(30 + name.length);
    header.writeUInt32LE(0x04034b50);
    header.writeUInt16LE(name.length, 26);
    header.write(name, 30, 'latin1');
    local.push(header, Buffer.from(stored));
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(stored.length, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(start, 42);
    entry.write(name, 46, 'latin1');
    directory.push(entry);
    at += header.length + stored.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(part, 4);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...local, ...directory, end]));
}

/** The bytes of a text of single bytes. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}
