import { makeTar } from './make-tar.ts';
import { flat, png } from './pictures.ts';

/** The classes of {@link labelledShard}. */
export const CLASSES = ['airplane', 'cat', 'ship'];
/** The gray of each class's pictures. */
export const GRAYS = [40, 120, 200];

/** A shard as CIFAR is packed: `000000.png` and `000000.json` with a class's name and number. The picture's gray tells the class. */
export async function labelledShard(classes: readonly string[]): Promise<Uint8Array> {
  const files: Record<string, string | Uint8Array> = {};
  for (const [i, name] of classes.entries()) {
    const key = String(i).padStart(6, '0');
    const gray = GRAYS[CLASSES.indexOf(name)];
    files[`${key}.png`] = await png(flat(8, 8, [gray, gray, gray]));
    files[`${key}.json`] = JSON.stringify({ class: name, index: CLASSES.indexOf(name) });
  }
  return makeTar(files);
}
