import { VitrailError } from '@vitrail/core';
import { headerWindow } from './header-window.ts';
import type { RangeReader } from './range-reader.ts';
import { isZeroBlock, nextTarBlock, parsePaxRecords, parseTarHeader, TAR_BLOCK, textOf } from './tar-header.ts';

/** A regular file inside a tar archive: its `size` bytes begin at byte `offset` of the archive. */
export type TarMember = { readonly name: string; readonly offset: number; readonly size: number };

/** Where and how an archive stops before its end. The members before that are complete. */
export type TarTruncation = {
  /** The byte of the archive at which the last whole member ends. */
  readonly offset: number;
  /** The member that is cut, when its header is still there. */
  readonly member?: string;
  /** One sentence for people, without the file's name. */
  readonly reason: string;
};

/** Long names and pax records are a few hundred bytes; anything above this is damage, not a name. */
const MAXIMUM_METADATA = 1 << 20;

/**
 * The members of a tar archive, found by walking its headers with random access: ustar, GNU long names, pax headers, base-256 sizes.
 *
 * Folders and links (of both kinds) are passed over. Zero blocks between archives are too, so shards joined with `cat` lose nothing. An archive that is
 * cut off keeps its complete members and says so in `truncation`; so does one whose end-of-archive marker is missing, because a cut between
 * two members shows in no other way.
 *
 * @param file the archive's name, for messages.
 * @throws `corrupt-data` with file and byte when a header's checksum is wrong, a size is no number, or a member is sparse.
 * @see POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 */
export async function indexTar(reader: RangeReader, file: string): Promise<{ members: TarMember[]; truncation?: TarTruncation }> {
  const members: TarMember[] = [];
  const bytesAt = headerWindow(reader);
  const damaged = (offset: number, what: string) => new VitrailError('corrupt-data', `${file}: ${what} at byte ${offset}`);
  const metadataAt = async (offset: number, size: number) => {
    if (size > MAXIMUM_METADATA) throw damaged(offset, `a name or pax record of ${size} bytes`);
    return bytesAt(offset, size);
  };

  let offset = 0;
  let ended = false;
  let next: { path?: string; size?: number } = {};
  while (offset + TAR_BLOCK <= reader.size) {
    const block = await bytesAt(offset, TAR_BLOCK);
    if (isZeroBlock(block)) {
      ended = true;
      offset += TAR_BLOCK;
      continue;
    }
    ended = false;
    const header = parseTarHeader(block);
    if (typeof header === 'string') throw damaged(offset, header + (offset === 0 ? hintAt(block) : ''));

    const start = offset + TAR_BLOCK;
    const isMember = header.type === '0' || header.type === '\0' || header.type === '7';
    const name = next.path ?? header.name;
    const size = (isMember ? next.size : undefined) ?? header.size;
    if (start + size > reader.size) {
      const reason = `it is cut off inside ${name}: ${size} bytes from byte ${start}, but the file has ${reader.size}`;
      return { members, truncation: { offset, member: name, reason } };
    }
    if (header.type === 'L') {
      next.path = textOf(await metadataAt(start, size));
    } else if (header.type === 'x') {
      const records = parsePaxRecords(await metadataAt(start, size));
      if (records === undefined) throw damaged(start, 'a pax record that cannot be read');
      if (Object.keys(records).some((key) => key.startsWith('GNU.sparse')))
        throw damaged(offset, 'a sparse member, which is not supported,');
      if (records.size !== undefined && !(/^\d+$/.test(records.size) && Number.isSafeInteger(Number(records.size))))
        throw damaged(start, `a pax size of "${records.size}"`);
      next = { path: records.path ?? next.path, size: records.size === undefined ? next.size : Number(records.size) };
    } else if (header.type === 'S') {
      throw damaged(offset, 'a sparse member, which is not supported,');
    } else {
      if (isMember && !name.endsWith('/')) members.push({ name, offset: start, size });
      // A long link name ('K') and global pax records ('g') belong to no member's name: what was gathered for the next member stays.
      if (header.type !== 'K' && header.type !== 'g') next = {};
    }
    offset = nextTarBlock(start + size);
  }
  if (reader.size > 0 && reader.size < TAR_BLOCK) {
    throw damaged(0, `${reader.size} bytes that are no tar archive${hintAt(await bytesAt(0, reader.size))}`);
  }
  if (ended) return { members };
  if (reader.size === 0) return { members, truncation: { offset: 0, reason: 'it is empty (0 bytes)' } };
  const reason =
    offset < reader.size ? 'it is cut off inside a header' : 'its end-of-archive marker is missing, so it was probably cut off';
  return { members, truncation: { offset, reason } };
}

function hintAt(block: Uint8Array): string {
  if (block[0] === 0x1f && block[1] === 0x8b)
    return ' (it is gzip-compressed; shards are read by random access: gunzip them first)';
  return ' (is it a tar file?)';
}
