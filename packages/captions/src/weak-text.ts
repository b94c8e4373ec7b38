import { type Rng, VitrailError } from '@vitrail/core';
import { removeStopWords } from './remove-stop-words.ts';

/**
 * The weak augmentation of captions in CLIP-Rocket: {@link removeStopWords} with a probability, else the caption as it is.
 *
 * A pure function of its arguments, which does not advance `rng`: give every picture and view a fork of its own. Of several captions, draw one
 * first (`drawCaptions`).
 *
 * @param options `stopWordRemoval`: the probability, in [0, 1]; 0.8 by default (0.9 for the ResNet-50 CLIP on YFCC). 0 for a plain CLIP
 * @returns a text that is empty only if `text` is
 * @throws `invalid-argument` for a probability outside [0, 1]
 * @see "Improved baselines for vision-language pre-training", Fini et al. 2023 (arXiv 2305.08675); code facebookresearch/clip-rocket,
 *   `tokenizer.py` (weak_augment)
 * @example weakText('a photo of a dog', createRng(0), { stopWordRemoval: 1 }) // 'photo dog'
 */
export function weakText(text: string, rng: Rng, { stopWordRemoval = 0.8 }: { stopWordRemoval?: number } = {}): string {
  if (!(stopWordRemoval >= 0 && stopWordRemoval <= 1)) {
    throw new VitrailError('invalid-argument', `weakText: stopWordRemoval lies in [0, 1], but ${stopWordRemoval} came`);
  }
  return rng.fork('weakText').uniform() < stopWordRemoval ? removeStopWords(text) : text;
}
