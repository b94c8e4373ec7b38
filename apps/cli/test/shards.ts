import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTar } from '../../../packages/data/test/make-tar.ts';
import { jpeg } from '../../../packages/data/test/pictures.ts';

/** The classes of the pictures below, by number. */
export const classNames = ['cat', 'dog', 'ship'] as const;

const colors = [
  [200, 40, 40],
  [40, 180, 60],
  [50, 60, 210],
] as const;

/** Members of a shard by name. */
export type Members = Record<string, string | Uint8Array>;

/** The bytes of a JPEG of one colour with a darker stripe, which tells number `index` from the others of class `index % 3`. */
export async function picture(index: number, side = 20): Promise<Uint8Array> {
  const color = colors[index % 3];
  const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
    const row = Math.floor(i / (3 * side));
    return color[i % 3] * (row % (2 + (index % 7)) === 0 ? 0.5 : 1);
  });
  return jpeg({ width: side, height: side, data });
}

/** `count` labelled pictures with captions: those with an even number in `.json` (with the class's name), the others in `.txt` and `.cls`. */
export async function captionedMembers(count: number, { start = 0 } = {}): Promise<Members> {
  const members: Members = {};
  for (let index = start; index < start + count; index++) {
    const key = String(index).padStart(5, '0');
    const name = classNames[index % 3];
    members[`${key}.jpg`] = await picture(index);
    if (index % 2 === 0) {
      members[`${key}.json`] = JSON.stringify({
        caption: `a ${name}`,
        short: `a picture of a ${name}`,
        long: `a ${name} with stripes, number ${index}`,
        label: index % 3,
        name,
      });
    } else {
      members[`${key}.txt`] = `one ${name}`;
      members[`${key}.cls`] = String(index % 3);
    }
  }
  return members;
}

/** Writes a shard and gives its path. */
export async function writeShard(folder: string, name: string, members: Members): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, makeTar(members));
  return path;
}
