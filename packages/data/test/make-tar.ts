/** What {@link tarMember} writes besides a name and its bytes. */
export type TarOptions = {
  /** Type flag of the header; `'0'`, a regular file, unless said otherwise. */
  readonly type?: string;
  /** The size that the header states, where it is not the length of the data. */
  readonly size?: number;
  /** The size field, character by character, where it is not an octal number. */
  readonly sizeField?: string;
  readonly prefix?: string;
  /** Bytes 257 to 264: POSIX ustar unless said otherwise. */
  readonly magic?: string;
  /** Sum of signed bytes, as some old writers made it. */
  readonly signedChecksum?: boolean;
};

/** Several runs of bytes as one. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** One header block and the data behind it, padded to whole blocks. */
export function tarMember(name: string, data: string | Uint8Array = '', options: TarOptions = {}): Uint8Array {
  const { type = '0', prefix = '', magic = 'ustar\x0000', signedChecksum = false } = options;
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const { size = bytes.length, sizeField = `${size.toString(8).padStart(11, '0')}\0` } = options;
  const block = new Uint8Array(512 + Math.ceil(bytes.length / 512) * 512);
  const put = (at: number, text: string) => block.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(100, '0000644\x000000000\x000000000\0');
  block.set(
    Array.from(sizeField, (letter) => letter.charCodeAt(0)),
    124,
  );
  put(136, '00000000000\0');
  put(148, '        ');
  put(156, type);
  put(257, magic);
  put(345, prefix);
  const checksum = block.subarray(0, 512).reduce((sum, byte) => sum + (signedChecksum && byte > 127 ? byte - 256 : byte), 0);
  put(148, `${checksum.toString(8).padStart(6, '0')}\0 `);
  block.set(bytes, 512);
  return block;
}

/** A pax header with these records, which say of the member after it what its own header cannot. */
export function paxHeader(records: Readonly<Record<string, string>>, type = 'x'): Uint8Array {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const bytes = new TextEncoder().encode(rest).length;
    let length = bytes + 1;
    while (String(length).length + bytes !== length) length++;
    return `${length}${rest}`;
  });
  return tarMember('PaxHeaders/x', lines.join(''), { type });
}

/** A GNU header that holds the name of the member after it. */
export function longName(name: string): Uint8Array {
  return tarMember('././@LongLink', `${name}\0`, { type: 'L', magic: 'ustar  \0' });
}

/** The two zero blocks that end an archive. */
export const END_OF_ARCHIVE = new Uint8Array(1024);

/** An archive of regular files. */
export function makeTar(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array<ArrayBuffer> {
  return joined(...Object.entries(files).map(([name, data]) => tarMember(name, data)), END_OF_ARCHIVE);
}
