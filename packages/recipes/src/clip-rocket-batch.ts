import { concat, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { drawCaptions, type Synonyms, strongText, synonymGroups, weakText } from '@vitrail/captions';
import { createRng, type Rng, VitrailError } from '@vitrail/core';
import {
  type Augmentation,
  type Batch,
  byolViews,
  clipRocketStrong,
  clipRocketWeak,
  pixelStatistics,
  type ViewSpec,
} from '@vitrail/data';
import type { Tokenizer } from '@vitrail/text';
import { disposeBatch, requireTokenizer, textBatch, type VisionTextBatch } from './batch.ts';
import type { RocketConfiguration } from './clip-rocket-configuration.ts';
import type { TextBatch } from './dual-encoder.ts';
import { normalizePictures } from './normalize-pictures.ts';

/** A batch with its strong views. Pictures are normalised with ImageNet's statistics. */
export type RocketBatch = Pick<VisionTextBatch, 'global' | 'texts'> & {
  /** A strong views, view by view: pictures `[A B, H, W, 3]`, captions `[A B, L]`; absent without any. View a of one goes with any of the other. */
  strong?: { images: Tensor4D; texts: TextBatch };
  /** What dropout draws from. */
  dropout: Rng;
};

/** The views that the loader is to make: the weak one is its global crop. */
export function rocketViews({ views, rocket }: RocketConfiguration): ViewSpec {
  if (rocket.views === 0) return views;
  const { globalSize: size } = views;
  const augmented: readonly Augmentation[] =
    rocket.images === 'byol'
      ? byolViews(size)
      : new Array(rocket.views).fill(rocket.images === 'strong' ? clipRocketStrong(size) : clipRocketWeak(size));
  return { ...views, augmented };
}

/**
 * Draws a weak and A strong captions for every picture of a batch, each from all captions that the picture has, and moves views and tokens to
 * the device.
 *
 * Captions are a pure function of (`train.seed`, epoch, sample index, view), the dropout of (`train.seed`, step of the loader). The weak caption
 * before its stop words are removed is the one that `clip` draws.
 *
 * @param batch of `loadBatches`, with {@link rocketViews}
 * @returns tensors, the caller's (`disposeRocketBatch`)
 * @throws `missing-data` for a picture without any caption; `invalid-argument` without a tokenizer, or for a batch without the augmented views
 */
export function rocketBatch(config: RocketConfiguration, tokenizer: Tokenizer | undefined, batch: Batch): RocketBatch {
  requireTokenizer(tokenizer);
  const { captions, rocket, train, views } = config;
  const { stopWordRemoval, textAugmentation } = rocket;
  const synonyms: Synonyms | undefined = rocket.synonyms.length > 0 ? synonymGroups(rocket.synonyms) : undefined;
  const root = createRng(train.seed);
  const textsOf = (augment: (text: string, rng: Rng) => string, ...view: (string | number)[]) =>
    batch.samples.map(({ captions: texts, epoch, index }) => {
      const rng = root.fork('captions', epoch, index, ...view);
      return augment(drawCaptions(texts, captions.streams, rng)[0], rng);
    });
  const weak = (text: string, rng: Rng) => weakText(text, rng, { stopWordRemoval });
  const strong = textAugmentation ? (text: string, rng: Rng) => strongText(text, rng, { stopWordRemoval, synonyms }) : weak;

  const shape: [number, number, number, number] = [batch.samples.length, views.globalSize, views.globalSize, 3];
  const images = (pixels: Float32Array) => tidy(() => normalizePictures(tensor4d(pixels, shape), pixelStatistics.imagenet));
  const numbers = Array.from({ length: rocket.views }, (_, a) => a);
  return {
    global: images(batch.global),
    texts: textBatch(tokenizer, textsOf(weak)),
    ...(rocket.views > 0 && {
      strong: {
        images: tidy(() => concat(requireAugmented(batch, rocket.views).map(images))),
        texts: textBatch(
          tokenizer,
          numbers.flatMap((a) => textsOf(strong, 'strong', a)),
        ),
      },
    }),
    dropout: root.fork('dropout', batch.step),
  };
}

/** Releases the tensors of a batch. */
export function disposeRocketBatch({ global, texts, strong }: RocketBatch): void {
  disposeBatch({ global, texts });
  if (strong) disposeBatch({ global: strong.images, texts: strong.texts });
}

function requireAugmented({ augmented = [] }: Batch, views: number): readonly Float32Array[] {
  if (augmented.length === views) return augmented;
  throw new VitrailError(
    'invalid-argument',
    `a batch has ${views} augmented views of every picture, but ${augmented.length} came: load it with the views of the system`,
  );
}
