import { VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';
import { inflate } from './inflate.ts';
import type { Zip, ZipMember } from './zip-directory.ts';

const headerLength = 30;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Small members come with their header in one read of this many bytes. */
const firstRead = 4096;

/**
 * Where the content of a member begins in the archive, as its local header says, and what was read on the way.
 *
 * @throws `corrupt-data` when the local header is not that of the member.
 */
export async function openMember({ source }: Zip, member: ZipMember): Promise<{ start: number; head: Uint8Array<ArrayBuffer> }> {
  const wrong = (what: string) => damaged(source, member, what);
  const first = await source.read(member.headerStart, Math.min(member.headerStart + firstRead, member.limit));
  const view = new DataView(first.buffer);
  if (view.getUint32(0, true) !== 0x04034b50) throw wrong('does not begin where the directory says');
  const [nameLength, extraLength] = [view.getUint16(26, true), view.getUint16(28, true)];
  const length = headerLength + nameLength + extraLength;
  const start = member.headerStart + length;
  if (start + member.storedSize > member.limit) throw wrong('overlaps what follows it');
  const name = await sliceOf(source, member.headerStart, first, headerLength, headerLength + nameLength);
  if (utf8.decode(name) !== member.name) throw wrong('has another name where it begins');
  return { start, head: first.subarray(length, length + member.storedSize) };
}

/**
 * Bytes `[begin, end)` of the content of a member. What is stored is read alone; what is deflated is inflated up to `end`, never further
 * than the directory says.
 *
 * @throws `corrupt-data` when the content is damaged, or shorter or longer than the directory says.
 */
export async function readMember(zip: Zip, member: ZipMember, begin = 0, end = member.size): Promise<Uint8Array<ArrayBuffer>> {
  const { source } = zip;
  const { start, head } = await openMember(zip, member);
  if (!member.isDeflated) return await sliceOf(source, start, head, begin, end);
  const wrong = (what: string, cause?: unknown) => damaged(source, member, what, cause);
  const inflated = await inflate(
    { source, start, end: start + member.storedSize, head },
    { end, isAll: end === member.size },
    wrong,
  );
  return inflated.subarray(begin);
}

/** Bytes `[begin, end)` after `start`, from what was already read of them where that holds all. */
async function sliceOf(source: ByteSource, start: number, head: Uint8Array<ArrayBuffer>, begin: number, end: number) {
  return end <= head.length ? head.slice(begin, end) : await source.read(start + begin, start + end);
}

function damaged(source: ByteSource, member: ZipMember, what: string, cause?: unknown): VitrailError {
  return new VitrailError('corrupt-data', `${source.name} is no sound zip archive: member "${member.name}" ${what}`, { cause });
}
