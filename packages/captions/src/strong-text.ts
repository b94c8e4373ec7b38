import { type Rng, VitrailError } from '@vitrail/core';
import { randomDeletion } from './random-deletion.ts';
import { randomSwap } from './random-swap.ts';
import { type Synonyms, synonymReplacement } from './synonym-replacement.ts';
import { weakText } from './weak-text.ts';

/** How often each operation is the one that is done, of all of them together; 0 for one that is not named. */
export type StrongTextWeights = {
  readonly identity?: number;
  readonly synonymReplacement?: number;
  readonly randomSwap?: number;
  readonly randomDeletion?: number;
};

/** CLIP-Rocket's. */
const DEFAULT_WEIGHTS: StrongTextWeights = { synonymReplacement: 0.4, randomSwap: 0.4, randomDeletion: 0.2 };

/**
 * The strong augmentation of captions in CLIP-Rocket: {@link weakText}, then exactly one of four operations.
 *
 * A pure function of its arguments, which does not advance `rng`: give every picture and view a fork of its own.
 *
 * @param options `stopWordRemoval` as for {@link weakText}; `weights` of the operations, 0.4 synonym replacement, 0.4 swap and 0.2 deletion by
 *   default; `synonyms` as for {@link synonymReplacement}
 * @returns a text that is empty only if `text` is
 * @throws `invalid-argument` for weights that are negative, not finite or all 0, or a probability outside [0, 1]
 * @see "Improved baselines for vision-language pre-training", Fini et al. 2023 (arXiv 2305.08675); code facebookresearch/clip-rocket,
 *   `tokenizer.py` (strong_augment)
 * @example strongText('red dog', createRng(0), { weights: { randomSwap: 1 } }) // 'dog red'
 */
export function strongText(
  text: string,
  rng: Rng,
  {
    stopWordRemoval,
    weights = DEFAULT_WEIGHTS,
    synonyms,
  }: { stopWordRemoval?: number; weights?: StrongTextWeights; synonyms?: Synonyms } = {},
): string {
  const operation = drawOperation(weights, rng.fork('strongText'));
  const weak = weakText(text, rng, { stopWordRemoval });
  switch (operation) {
    case 'identity':
      return weak;
    case 'synonymReplacement':
      return synonymReplacement(weak, rng, { synonyms });
    case 'randomSwap':
      return randomSwap(weak, rng);
    case 'randomDeletion':
      return randomDeletion(weak, rng);
  }
}

function drawOperation(weights: StrongTextWeights, draws: Rng): keyof StrongTextWeights {
  const { identity = 0, synonymReplacement = 0, randomSwap = 0, randomDeletion = 0 } = weights;
  const all = Object.entries({ identity, synonymReplacement, randomSwap, randomDeletion }) as [keyof StrongTextWeights, number][];
  const total = all.reduce((sum, [, weight]) => sum + weight, 0);
  if (!all.every(([, weight]) => weight >= 0) || !(total > 0 && Number.isFinite(total))) {
    const came = all.map(([name, weight]) => `${name} ${weight}`).join(', ');
    throw new VitrailError('invalid-argument', `strongText: weights are at least 0 and one is above, but ${came} came`);
  }
  let left = draws.uniform(0, total);
  for (const [name, weight] of all) {
    if (left < weight) return name;
    left -= weight;
  }
  return all.filter(([, weight]) => weight > 0).map(([name]) => name)[0];
}
