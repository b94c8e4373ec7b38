import { concat, mul, reshape, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { flattenTree, type ParameterShapes, type TensorTree, VitrailError } from '@vitrail/core';
import { pixelStatistics } from '@vitrail/data';
import {
  applyMlp,
  type ClipRocketProjectorParams,
  type ClipRocketProjectors,
  type ClipRocketStatistics,
  clipRocketProjectorShapes,
  initClipRocketProjectors,
  initClipRocketStatistics,
  type MlpConfig,
} from '@vitrail/heads';
import { l2Normalize, linear } from '@vitrail/ops';
import type { TextConfig } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';
import type { ModelFamily } from '../family.ts';
import { same } from '../naming.ts';
import { initTips, tipsEncoders, tipsShapes } from './tips-tower.ts';
import { describedAs, type VitrailDescription } from './vitrail-metadata.ts';

/** The towers of TIPS under the projectors of CLIP-Rocket. */
export type RocketModelConfig = VitrailDescription & {
  readonly kind: 'clip-rocket';
  readonly towers: { readonly vit: VitConfig; readonly text: TextConfig };
  readonly projectors: ClipRocketProjectors;
  /** w, the share of the weak projectors in a similarity, in [0, 1]; without strong ones it is 1, whatever is said here. */
  readonly weakShare: number;
};

type RocketModelParams = {
  readonly projectors: ClipRocketProjectorParams;
  readonly statistics?: ClipRocketStatistics;
};

/**
 * Models that were pretrained here as CLIP-Rocket: towers, projectors and the running statistics of these. Temperatures and what learned
 * beside them (`heads.**`) are in the file, too, and not loaded.
 *
 * A vector is `[sqrt(w) z / |z|, sqrt(1 - w) h / |h|]`, z by the weak projector and h by the strong one, of CLS tokens, patches and texts
 * alike: it has length 1, and inner products are `w cos(z, z') + (1 - w) cos(h, h')`, the interpolated similarity that CLIP-Rocket is
 * evaluated with. In the mean over several prompts the two parts keep their lengths (the reference averages each head by itself).
 */
export const vitrailRocket: ModelFamily<RocketModelConfig> = {
  name: 'vitrail (clip-rocket)',
  recognise: ({ metadata }) => {
    const config = describedAs<RocketModelConfig>('clip-rocket', ['towers', 'projectors'], metadata);
    if (config === undefined || (config.weakShare >= 0 && config.weakShare <= 1)) return config;
    throw new VitrailError('corrupt-data', `weakShare is a number from 0 to 1, but ${config.weakShare} came`);
  },
  shapes,
  naming: (config) =>
    Object.fromEntries(Object.entries(flattenTree(shapes(config))).map(([path, shape]) => [path, same(path, shape)])),
  ignored: ['heads.**', 'logitScale', 'strongLogitScale'],
  init: ({ towers, projectors }, rng): TensorTree => {
    const statistics = initClipRocketStatistics(projectors);
    return {
      ...initTips(towers, rng),
      projectors: initClipRocketProjectors(projectors, rng.fork('projectors')) as unknown as TensorTree,
      ...(statistics && { statistics: statistics as unknown as TensorTree }),
    };
  },
  encoders: (config, params) => {
    const { image, text } = tipsEncoders(config.towers, params);
    const rocket = params as unknown as RocketModelParams;
    /** `[..., D]` to `[..., E]`, or twice that. */
    const embed = <T extends Tensor>(features: T, modality: 'image' | 'text') => {
      const { shape } = features;
      const rows = embedRows(config, rocket, reshape(features, [-1, shape[shape.length - 1]]), modality);
      return reshape(rows, [...shape.slice(0, -1), rows.shape[1]]) as T;
    };
    return {
      image: {
        ...image,
        encode: (images, readout) =>
          tidy(() => {
            const { cls, patches } = image.encode(images, readout);
            return { cls: embed(cls, 'image'), patches: embed(patches, 'image') };
          }),
      },
      ...(text && { text: { ...text, encode: (ids, padding) => tidy(() => embed(text.encode(ids, padding), 'text')) } }),
    };
  },
  // As the reference evaluates, whose library resizes bilinearly there.
  preparation: ({ towers: { vit } }) => ({
    resize: { kind: 'shortest-side', size: vit.imageSize, crop: vit.imageSize, rounding: 'half-even' },
    filter: 'bilinear',
    arithmetic: '8-bit',
    ...pixelStatistics.imagenet,
  }),
};

function shapes({ towers, projectors }: RocketModelConfig): ParameterShapes {
  const { strong } = projectors;
  const statistics = strong && statisticsShapes(strong);
  return {
    ...tipsShapes(towers),
    projectors: clipRocketProjectorShapes(projectors),
    ...(statistics && Object.keys(statistics).length > 0 && { statistics: { image: statistics, text: statistics } }),
  };
}

function statisticsShapes({ layers }: MlpConfig): ParameterShapes {
  return Object.fromEntries(
    layers.flatMap(({ norm, width }, i) => (norm === undefined ? [] : [[i, { mean: [width], variance: [width] }]])),
  );
}

function embedRows(
  { projectors, weakShare }: RocketModelConfig,
  { projectors: params, statistics }: RocketModelParams,
  features: Tensor2D,
  modality: 'image' | 'text',
): Tensor2D {
  const z = l2Normalize(linear(features, params.weak[modality])); // [n, E]
  if (projectors.strong === undefined || params.strong === undefined) return z as Tensor2D;
  const { output } = applyMlp(projectors.strong, params.strong[modality], statistics?.[modality] ?? {}, features, {
    training: false,
  });
  return concat([mul(z, Math.sqrt(weakShare)), mul(l2Normalize(output), Math.sqrt(1 - weakShare))], 1) as Tensor2D; // [n, 2 E]
}
