/** Headers and members of a tar archive begin at multiples of this many bytes. */
export const TAR_BLOCK = 512;

/** What a header says of the member that follows it. `type` is the type flag: `0` a file, `5` a folder, `x` pax records, `L` a long name; `size` is the number of bytes after the header. */
export type TarHeader = { readonly name: string; readonly size: number; readonly type: string };

/** Links, devices, folders and pipes: no bytes follow their header, whatever size some writers state there (as in GNU tar and Go's reader). */
const BARE_TYPES = '123456';

/** The first block boundary at or after `offset`. */
export function nextTarBlock(offset: number): number {
  return Math.ceil(offset / TAR_BLOCK) * TAR_BLOCK;
}

/** Whether a block is all zeros: two of them end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let i = 0; i < TAR_BLOCK; i++) if (block[i] !== 0) return false;
  return true;
}

/** The header in a block of 512 bytes, or in words why it is none. */
export function parseTarHeader(block: Uint8Array): TarHeader | string {
  const stated = octal(block, 148, 8);
  if (stated === undefined || !sums(block).includes(stated)) return 'no tar header (its checksum is wrong)';
  const size = number(block, 124, 12) ?? (textOf(block.subarray(124, 136)).trim() === '' ? 0 : undefined);
  if (size === undefined) return 'a tar header whose size is no number';
  const type = String.fromCharCode(block[156]);
  const name = textOf(block.subarray(0, 100));
  // Only POSIX ustar ("ustar", NUL) has a prefix; old GNU archives ("ustar  ") keep times there.
  const isPosix = textOf(block.subarray(257, 263)) === 'ustar';
  const prefix = isPosix ? textOf(block.subarray(345, 500)) : '';
  return { name: prefix === '' ? name : `${prefix}/${name}`, size: BARE_TYPES.includes(type) ? 0 : size, type };
}

/** The `key=value` records of a pax header (`"%d %s=%s\n"`, the number being the length of the record), or `undefined` if they are damaged. */
export function parsePaxRecords(bytes: Uint8Array): Record<string, string> | undefined {
  const records: Record<string, string> = {};
  let at = 0;
  while (at < bytes.length && bytes[at] !== 0) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(textOf(bytes.subarray(at, space)));
    if (!(Number.isInteger(length) && length > space - at + 1 && at + length <= bytes.length)) return undefined;
    const record = textOf(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf('=');
    if (equals < 1 || bytes[at + length - 1] !== 0x0a) return undefined;
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}

/** UTF-8 text up to the first NUL. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

const utf8 = new TextDecoder();

/** The checksum of a header, its own field counted as spaces: of unsigned bytes as POSIX says, and of signed ones as some old writers did. */
function sums(block: Uint8Array): [number, number] {
  let unsigned = 8 * 0x20;
  let high = 0;
  for (let i = 0; i < TAR_BLOCK; i++) {
    if (i === 148) i = 156;
    unsigned += block[i];
    high += block[i] >> 7;
  }
  return [unsigned, unsigned - 256 * high];
}

/** An octal number, or GNU's base-256 where the first bit is set. */
function number(block: Uint8Array, start: number, length: number): number | undefined {
  if ((block[start] & 0x80) === 0) return octal(block, start, length);
  let value = block[start] & 0x7f;
  for (let i = start + 1; i < start + length; i++) value = value * 256 + block[i];
  return Number.isSafeInteger(value) ? value : undefined;
}

function octal(block: Uint8Array, start: number, length: number): number | undefined {
  const text = textOf(block.subarray(start, start + length)).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
