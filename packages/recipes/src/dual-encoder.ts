import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { type Rng, VitrailError } from '@vitrail/core';
import { clampLogitScale, initLogitScale } from '@vitrail/losses';
import { applyText, initText, type TextConfig, type TextParams } from '@vitrail/text';
import { requireChoice, requireRange, requireWhole } from '@vitrail/train';
import { applyVit, initVit, type VitConfig, type VitOptions, type VitOutputs, type VitParams } from '@vitrail/vit';
import type { DualEncoderConfiguration } from './configuration.ts';

/** The two towers and the learned temperature, `logitScale = ln(1 / temperature)`. */
export type DualEncoderParams = { image: VitParams; text: TextParams; logitScale: Scalar };

/** Tokenised captions: ids `[B, L]` (int32) and where they are padding, `[B, L]` (1 = padding). */
export type TextBatch = { ids: Tensor2D; padding: Tensor2D };

/** Both towers of a configuration, as pure functions. */
export type DualEncoder = {
  readonly vit: VitConfig;
  readonly text: TextConfig;
  init(rng: Rng): DualEncoderParams;
  /** `[B, H, W, 3]` in [0, 1] to CLS tokens `[B, C, D]` and patches `[B, N, D]`. */
  encodeImages(params: VitParams, images: Tensor4D, options?: VitOptions): VitOutputs;
  /** Captions to `[B, D]`. */
  encodeTexts(params: TextParams, texts: TextBatch): Tensor2D;
  /** The temperature's guard: `logitScale` kept at or below `ln(1 / minimumTemperature)`. */
  guard(logitScale: Scalar): Scalar;
};

/**
 * The two towers of TIPS: a ViT with one CLS token per caption stream, and a bidirectional text transformer of the same width. Nothing
 * projects: CLS tokens and the pooled text are compared directly.
 *
 * @param masks whether the image tower has a mask token.
 * @throws `invalid-argument` naming the setting that cannot be.
 */
export function dualEncoder(config: DualEncoderConfiguration, { masks }: { masks: boolean }): DualEncoder {
  requireTowers(config);
  const { image, loss } = config;
  const vit: VitConfig = {
    imageSize: config.views.globalSize,
    patchSize: image.patchSize,
    width: image.width,
    depth: image.depth,
    heads: image.heads,
    mlp: { kind: image.mlp as VitConfig['mlp']['kind'], hidden: image.mlpHidden },
    clsTokens: image.clsTokens,
    positionGrid: image.positionGrid,
    maskToken: masks,
  };
  const text: TextConfig = { ...config.text, width: image.width };
  return {
    vit,
    text,
    init: (rng) => ({
      image: initVit(vit, rng.fork('image')),
      text: initText(text, rng.fork('text')),
      logitScale: initLogitScale(loss.temperature),
    }),
    encodeImages: (params, images, options) => applyVit(vit, params, images, options),
    encodeTexts: (params, texts) => applyText(text, params, texts).pooled,
    guard: (logitScale) => clampLogitScale(logitScale, { maximum: Math.log(1 / loss.minimumTemperature) }),
  };
}

function requireTowers({ image, text, views, captions, loss }: DualEncoderConfiguration): void {
  requireChoice('image.mlp', image.mlp, ['gelu', 'gelu-tanh', 'swiglu']);
  for (const [section, tower] of Object.entries({ image, text })) {
    requireWhole(`${section}.depth`, tower.depth, 1);
    requireWhole(`${section}.mlpHidden`, tower.mlpHidden, 1);
    requireWhole(`${section}.heads`, tower.heads, 1);
    if (image.width % tower.heads !== 0) {
      throw new VitrailError(
        'invalid-argument',
        `${section}.heads must divide image.width, but ${image.width} is not a multiple of ${tower.heads}`,
      );
    }
  }
  requireWhole('image.patchSize', image.patchSize, 1);
  requireWhole('image.positionGrid', image.positionGrid, 1);
  requireWhole('text.maxTokens', text.maxTokens, 1);
  requireWhole('text.vocabularySize', text.vocabularySize, 257);
  const sizes = views.localCrops > 0 ? (['globalSize', 'localSize'] as const) : (['globalSize'] as const);
  for (const name of sizes) {
    requireWhole(`views.${name}`, views[name], 1);
    if (views[name] % image.patchSize !== 0) {
      const below = Math.max(1, Math.floor(views[name] / image.patchSize)) * image.patchSize;
      throw new VitrailError(
        'invalid-argument',
        `views.${name} must be a multiple of image.patchSize (${image.patchSize}), but it is ${views[name]}; ${below} or ${below + image.patchSize} would do`,
      );
    }
  }
  requireWhole('views.localCrops', views.localCrops, 0);
  requireRange('views.flip', views.flip, 0, 1);
  if (captions.streams.length !== image.clsTokens) {
    throw new VitrailError(
      'invalid-argument',
      `captions.streams needs one list of granularities per CLS token: image.clsTokens is ${image.clsTokens}, but ${captions.streams.length} streams came`,
    );
  }
  requireRange('loss.temperature', loss.temperature, loss.minimumTemperature, 1);
  requireRange('loss.minimumTemperature', loss.minimumTemperature, 1e-4, 1);
}
