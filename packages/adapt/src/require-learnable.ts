import { abs, max, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree, VitrailError } from '@vitrail/core';

/** The two matrices whose product is learned, by the last names of their paths. */
const pairs: readonly (readonly [string, string])[] = [
  ['down', 'up'],
  ['a', 'b'],
];

/**
 * Throws where both matrices of an AdaLink module or of a LoRA pair are zero: each is the other's gradient, so they would stay zero for ever.
 * For weights that come from a file, before they are trained on. Reads them back, hence a promise.
 *
 * @param params any tree with {@link AdaLinkParams} or {@link LoraParams} in it; other parameters are not looked at
 * @throws `invalid-argument` naming the two
 * @example await requireLearnable(initAdaLink(config, createRng(0))) // passes: only `up` is zero
 */
export async function requireLearnable(params: TensorTree): Promise<void> {
  const flat = flattenTree<Tensor>(params);
  for (const path of Object.keys(flat)) {
    const names = path.split('.');
    const pair = pairs.find(([first]) => first === names.at(-1));
    if (!pair) continue;
    const other = [...names.slice(0, -1), pair[1]].join('.');
    if (!Object.hasOwn(flat, other)) continue;
    if ((await isZero(flat[path])) && (await isZero(flat[other]))) {
      throw new VitrailError(
        'invalid-argument',
        `requireLearnable: ${path} and ${other} are both zero, so neither would ever get a gradient: start with a fresh ${path}`,
      );
    }
  }
}

async function isZero(x: Tensor): Promise<boolean> {
  const largest = tidy(() => max(abs(x)));
  const [value] = await largest.data();
  largest.dispose();
  return value === 0;
}
