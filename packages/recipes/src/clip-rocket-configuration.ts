import { VitrailError } from '@vitrail/core';
import { requireChoice, requireRange, requireWhole } from '@vitrail/train';
import type { DualEncoderConfiguration } from './configuration.ts';

/** Every setting of CLIP-Rocket; the ablations of its code are values of these. */
export type RocketConfiguration = DualEncoderConfiguration & {
  rocket: {
    /** A: strong views of every picture and of every caption. With 0 it is CLIP with projectors. */
    views: number;
    /** What strong views of pictures are: `strong`, `weak` as the weak ones, `byol` the two different ones of BYOL. */
    images: 'strong' | 'weak' | 'byol';
    /** Probability that stop words are taken out of a caption, weak or strong. */
    stopWordRemoval: number;
    /** Whether a word of a strong caption is replaced by a synonym, two are swapped, or some are left out. */
    textAugmentation: boolean;
    /** Groups of words that stand for each other; where there is none, those of `englishSynonyms`. */
    synonyms: readonly (readonly string[])[];
    /** Dropout at the input of every block of the text tower, of strong captions alone. */
    textDropout: number;
    /** Whether strong views have projectors and a temperature of their own. */
    separate: boolean;
    /** Their kind: `D -> hidden -> hidden -> outputs` with batch norms, or a linear map. */
    projector: 'mlp' | 'linear';
    hidden: number;
    /** Width of the joint space. */
    outputs: number;
    /** Share of the weak projectors in similarities of the trained model; the rest is that of the strong ones. */
    weakShare: number;
  };
  loss: DualEncoderConfiguration['loss'] & {
    /** Temperature of strong pairs at the start; it is learned. */
    strongTemperature: number;
    /** Of strong pairs alone. */
    labelSmoothing: number;
    /** `avg`: the mean of the two directions; `sum`: their sum, twice that. */
    reduction: 'avg' | 'sum';
  };
};

/** Whether strong views have projectors of their own. */
export function hasStrongProjectors({ rocket }: RocketConfiguration): boolean {
  return rocket.views > 0 && rocket.separate;
}

/**
 * Throws `invalid-argument` naming the first setting of CLIP-Rocket alone that cannot be.
 *
 * @param options.batchNorm whether something beside the strong projectors has batch norms
 */
export function requireRocket(config: RocketConfiguration, { batchNorm }: { batchNorm: boolean }): void {
  const { rocket, loss, image, train } = config;
  if (image.clsTokens !== 1) {
    throw new VitrailError(
      'invalid-argument',
      `image.clsTokens is 1, with one list in captions.streams that every caption is drawn from, but ${image.clsTokens} came`,
    );
  }
  requireWhole('rocket.views', rocket.views, 0, 16);
  requireChoice('rocket.images', rocket.images, ['strong', 'weak', 'byol']);
  if (rocket.images === 'byol' && rocket.views !== 2) {
    throw new VitrailError(
      'invalid-argument',
      `rocket.images "byol" is two different views, so rocket.views is 2, but ${rocket.views} came`,
    );
  }
  requireRange('rocket.stopWordRemoval', rocket.stopWordRemoval, 0, 1);
  requireRange('rocket.textDropout', rocket.textDropout, 0, 0.99);
  requireGroups(rocket.synonyms);
  requireChoice('rocket.projector', rocket.projector, ['mlp', 'linear']);
  requireWhole('rocket.hidden', rocket.hidden, 1);
  requireWhole('rocket.outputs', rocket.outputs, 1);
  requireRange('rocket.weakShare', rocket.weakShare, 0, 1);
  requireRange('loss.strongTemperature', loss.strongTemperature, loss.minimumTemperature, 1);
  requireRange('loss.labelSmoothing', loss.labelSmoothing, 0, 1);
  requireChoice('loss.reduction', loss.reduction, ['avg', 'sum']);
  const normalises = batchNorm || (hasStrongProjectors(config) && rocket.projector === 'mlp');
  if (normalises && train.batchSize < 2) {
    throw new VitrailError(
      'invalid-argument',
      `train.batchSize is at least 2, because projectors normalise over the batch, but ${train.batchSize} came`,
    );
  }
}

function requireGroups(groups: readonly (readonly string[])[]): void {
  const wrong = groups.find((group) => !Array.isArray(group) || !group.every((word) => typeof word === 'string' && word !== ''));
  if (wrong === undefined) return;
  throw new VitrailError(
    'invalid-argument',
    `rocket.synonyms is a list of groups of words, as in [["dog", "hound"], ["cup", "mug"]], but ${JSON.stringify(wrong)} came`,
  );
}
