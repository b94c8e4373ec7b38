/** Four tables, so that four bytes are taken in at once: `tables[k][b]` is what byte `b` does to the sum after `k` further bytes. */
const tables = makeTables();

/**
 * The CRC-32 of zip archives (ISO-HDLC, reflected polynomial 0xedb88320).
 *
 * @param previous the sum of the bytes before these, to go on from.
 *
 * @example crc32(new TextEncoder().encode('123456789')) // 0xcbf43926
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const [t0, t1, t2, t3] = tables;
  let sum = ~previous;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    sum ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    sum = t3[sum & 0xff] ^ t2[(sum >>> 8) & 0xff] ^ t1[(sum >>> 16) & 0xff] ^ t0[sum >>> 24];
  }
  for (; i < bytes.length; i++) sum = (sum >>> 8) ^ t0[(sum ^ bytes[i]) & 0xff];
  return ~sum >>> 0;
}

function makeTables(): readonly Int32Array[] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    return sum;
  });
  const all = [first];
  for (let k = 1; k < 4; k++) all.push(all[k - 1].map((sum) => (sum >>> 8) ^ first[sum & 0xff]));
  return all;
}
