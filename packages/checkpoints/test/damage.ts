import type { Rng } from '@vitrail/core';

/**
 * A file damaged in one to three ways: bits turned, runs of one byte, pieces of it elsewhere, numbers that tell lengths changed; one in five
 * also cut, or with bytes put in or taken out. Half of the damage is to the first quarter of the file, where tables of contents are.
 */
export function damage(original: Uint8Array, rng: Rng): Uint8Array {
  const bytes = original.slice();
  const anywhere = () => rng.integer(0, rng.uniform() < 0.5 ? Math.ceil(bytes.length / 4) : bytes.length);
  for (let count = rng.integer(1, 4); count > 0; count--) {
    const [at, from, length] = [anywhere(), anywhere(), rng.integer(1, 32)];
    const kind = rng.integer(0, 5);
    if (kind <= 1) bytes[at] ^= 1 << rng.integer(0, 8);
    else if (kind === 2) bytes.fill([0, 0xff, 0x20, rng.integer(0, 256)][rng.integer(0, 4)], at, at + length);
    else if (kind === 3) bytes.copyWithin(at, from, from + length);
    else changeNumber(bytes, rng);
  }
  if (rng.uniform() < 0.8) return bytes;
  const [at, from, length] = [anywhere(), anywhere(), rng.integer(1, 64)];
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const kinds = [[before], [before, bytes.subarray(from, from + length), after], [before, after.subarray(length)]];
  return new Uint8Array(Buffer.concat(kinds[rng.integer(0, 3)]));
}

/** Where headers of archives keep sizes, counts and offsets, after the four bytes that they begin with. */
const fields: Readonly<Record<number, readonly number[]>> = {
  67324752: [6, 8, 14, 18, 22, 26, 28],
  33639248: [8, 10, 16, 20, 24, 28, 30, 32, 42],
  101010256: [8, 10, 12, 16, 20],
  101075792: [4, 24, 32, 40, 48],
  117853008: [8],
};

/** Puts an extreme number where one is that tells a length, or at the beginning of the file. */
function changeNumber(bytes: Uint8Array, rng: Rng): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const places = [0];
  for (let at = bytes.indexOf(0x50); at >= 0 && at + 60 < bytes.length; at = bytes.indexOf(0x50, at + 1)) {
    for (const offset of fields[view.getUint32(at, true)] ?? []) places.push(at + offset);
  }
  if (bytes.length < 4) return;
  const at = places[rng.integer(0, places.length)];
  const values = [0, 1, 0xffff, 0x7fffffff, 0xffffffff, bytes.length, view.getUint32(at, true) + rng.integer(-3, 4)];
  view.setUint32(at, values[rng.integer(0, values.length)], true);
}
