import { VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';
import { fileFormat } from './file-format.ts';

/** One file of a zip archive, as the central directory tells of it. */
export type ZipMember = {
  readonly name: string;
  readonly isDeflated: boolean;
  /** CRC-32 of the content. */
  readonly crc: number;
  /** Bytes of the content in the archive, and once it is inflated. */
  readonly storedSize: number;
  readonly size: number;
  /** Where the local header begins. */
  readonly headerStart: number;
  /** Where the next member, or the central directory, begins: no byte of this member is beyond. */
  readonly limit: number;
};

/** A zip archive of which the central directory was read and checked. */
export type Zip = { readonly source: ByteSource; readonly members: ReadonlyMap<string, ZipMember> };

/** The longest central directory, and the most members of one, that are read. */
const [maximumBytes, maximumMembers] = [64 * 2 ** 20, 100_000];

const [endLength, locatorLength, end64Length, memberLength] = [22, 20, 56, 46];

/** The most that deflate can shrink: 258 bytes for two bits. */
const mostInflation = 1032;

/**
 * Reads and checks the central directory of a zip archive (PKWARE APPNOTE 6.3.10, sections 4.3.12 to 4.3.16), ZIP64 included.
 *
 * @throws `corrupt-data` for what is damaged: lengths past the file, members that overlap, a name twice, more inflation than deflate is
 * capable of; and for what is not read: archives in parts, encryption, compression other than deflate, something before or after the archive.
 */
export async function readZip(source: ByteSource): Promise<Zip> {
  const corrupt = (what: string) => new VitrailError('corrupt-data', `${source.name} is no sound zip archive: ${what}`);
  const { start, size, count } = await findDirectory(source, corrupt).catch(async (error: unknown) => {
    await fileFormat(source); // It may be something else altogether, which says more.
    throw error;
  });
  if (size > maximumBytes) throw corrupt(`its directory has at most ${maximumBytes} bytes, but this one claims ${size}`);
  if (count > maximumMembers) throw corrupt(`it has at most ${maximumMembers} members, but this one claims ${count}`);
  if (count * memberLength > size) throw corrupt(`${count} members do not fit in a directory of ${size} bytes`);
  const directory = await source.read(start, start + size);
  const view = new DataView(directory.buffer);
  const members: (ZipMember & { limit: number })[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { member, length } = parseMember(view, at, corrupt);
    members.push({ ...member, limit: start });
    at += length;
  }
  if (at !== size) throw corrupt(`its directory claims ${size} bytes, but the members take ${at}`);
  requireApart(members, start, corrupt);
  const byName = new Map(members.map((member) => [member.name, member]));
  if (byName.size !== members.length) {
    const twice = members.find((member) => byName.get(member.name) !== member);
    throw corrupt(`the name "${twice?.name}" stands twice`);
  }
  return { source, members: byName };
}

type Corrupt = (what: string) => VitrailError;

/** Where the central directory is, as the record at the end of the file says, or the ZIP64 record before it. */
async function findDirectory(source: ByteSource, corrupt: Corrupt): Promise<{ start: number; size: number; count: number }> {
  const tailStart = Math.max(0, source.size - endLength - 0xffff - locatorLength);
  const view = new DataView((await source.read(tailStart, source.size)).buffer);
  let at = view.byteLength - endLength;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === 0x06054b50 && at + endLength + view.getUint16(at + 20, true) === view.byteLength)
  )
    at--;
  if (at < 0) throw corrupt('there is no end of a central directory; the file was cut, or is none');
  if (view.getUint16(at + 4, true) !== 0 || view.getUint16(at + 6, true) !== 0) throw corrupt('it is one of several parts');
  let recordStart = tailStart + at;
  let [count, size, start] = [view.getUint16(at + 10, true), view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
  const locator = at - locatorLength;
  if (locator >= 0 && view.getUint32(locator, true) === 0x07064b50) {
    const locatorStart = tailStart + locator;
    recordStart = Number(view.getBigUint64(locator + 8, true));
    if (!(recordStart <= locatorStart - end64Length)) throw corrupt('its ZIP64 record is past the end');
    const record = new DataView((await source.read(recordStart, recordStart + end64Length)).buffer);
    if (record.getUint32(0, true) !== 0x06064b50) throw corrupt('its ZIP64 record is not where it should be');
    if (recordStart + 12 + Number(record.getBigUint64(4, true)) !== locatorStart)
      throw corrupt('its ZIP64 record has a wrong length');
    [count, size, start] = [32, 40, 48].map((offset) => Number(record.getBigUint64(offset, true)));
  }
  if (start + size !== recordStart) {
    throw corrupt(`its directory claims bytes [${start}, ${start + size}), but ends at ${recordStart}`);
  }
  return { start, size, count };
}

function parseMember(view: DataView, at: number, corrupt: Corrupt): { member: Omit<ZipMember, 'limit'>; length: number } {
  if (at + memberLength > view.byteLength || view.getUint32(at, true) !== 0x02014b50)
    throw corrupt('a member of its directory is damaged');
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
  const length = memberLength + nameLength + extraLength + commentLength;
  if (at + length > view.byteLength) throw corrupt('a member of its directory goes past the end of it');
  const name = decodeName(new Uint8Array(view.buffer, at + memberLength, nameLength), corrupt);
  const wrong = (what: string) => corrupt(`member "${name}" ${what}`);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  if (flags & 1) throw wrong('is encrypted');
  if (method !== 0 && method !== 8) throw wrong(`is neither stored nor deflated, but compressed by method ${method}`);
  const extra = new DataView(view.buffer, at + memberLength + nameLength, extraLength);
  const [size, storedSize, headerStart] = sizes(view, at, extra, wrong);
  if (method === 0 && size !== storedSize) throw wrong(`is stored in ${storedSize} bytes, but claims to have ${size}`);
  if (size > storedSize * mostInflation) throw wrong(`claims to inflate from ${storedSize} bytes to ${size}`);
  return {
    member: { name, isDeflated: method === 8, crc: view.getUint32(at + 16, true), storedSize, size, headerStart },
    length,
  };
}

/** Size, stored size and start: 32 bits each, and those that are all ones as 64 bits in the ZIP64 field, in this order. */
function sizes(view: DataView, at: number, extra: DataView, wrong: Corrupt): number[] {
  const short = [24, 20, 42].map((offset) => view.getUint32(at + offset, true));
  if (!short.includes(0xffffffff)) return short;
  let field = 0;
  while (field + 4 <= extra.byteLength && extra.getUint16(field, true) !== 1) field += 4 + extra.getUint16(field + 2, true);
  let next = field + 4;
  const fieldEnd = field + 4 <= extra.byteLength ? Math.min(next + extra.getUint16(field + 2, true), extra.byteLength) : 0;
  return short.map((value) => {
    if (value !== 0xffffffff) return value;
    if (next + 8 > fieldEnd) throw wrong('has no ZIP64 field for its size');
    next += 8;
    const long = Number(extra.getBigUint64(next - 8, true));
    if (!Number.isSafeInteger(long)) throw wrong(`claims ${long} bytes`);
    return long;
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeName(bytes: Uint8Array, corrupt: Corrupt): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw corrupt('the name of a member is not UTF-8 text');
  }
}

/** Gives every member its limit, after checking that none reaches into the next or into the directory. */
function requireApart(
  members: readonly { -readonly [K in keyof ZipMember]: ZipMember[K] }[],
  directoryStart: number,
  corrupt: Corrupt,
): void {
  let limit = directoryStart;
  for (const member of [...members].sort((a, b) => b.headerStart - a.headerStart)) {
    if (member.headerStart + 30 + member.storedSize > limit) throw corrupt(`member "${member.name}" overlaps what follows it`);
    member.limit = limit;
    limit = member.headerStart;
  }
}
