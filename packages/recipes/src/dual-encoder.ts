import { type Scalar, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { Rng, TensorTree } from '@vitrail/core';
import { clampLogitScale, initLogitScale } from '@vitrail/losses';
import type { VitrailModelConfig } from '@vitrail/pretrained';
import { applyText, initText, type TextConfig, type TextOptions, type TextParams } from '@vitrail/text';
import type { VitConfig, VitOptions, VitOutputs, VitParams } from '@vitrail/vit';
import type { DualEncoderConfiguration } from './configuration.ts';
import { imageTower } from './image-tower.ts';
import type { System, TrainedModel } from './recipe.ts';
import { requireSettings } from './require-settings.ts';

/** The two towers and the learned temperature, `logitScale = ln(1 / temperature)`. */
export type DualEncoderParams = { image: VitParams; text: TextParams; logitScale: Scalar };

/** Tokenised captions: ids `[B, L]` (int32) and where they are padding, `[B, L]` (1 = padding). */
export type TextBatch = { ids: Tensor2D; padding: Tensor2D };

/** Both towers of a configuration, as pure functions. Callers own what they pass in and what they get back. */
export type DualEncoder = {
  readonly vit: VitConfig;
  readonly text: TextConfig;
  init(rng: Rng): DualEncoderParams;
  /** `[B, H, W, 3]` in [0, 1] to CLS tokens `[B, C, D]` and patches `[B, N, D]`. */
  encodeImages(params: VitParams, images: Tensor4D, options?: VitOptions): VitOutputs;
  /** Captions to `[B, D]`. */
  encodeTexts(params: TextParams, texts: TextBatch, options?: TextOptions): Tensor2D;
  /** The model that they are. */
  readonly model: TrainedModel;
  /** The temperature's guard: `logitScale` kept at or below `ln(1 / minimumTemperature)`, and at or above 0. */
  guard(logitScale: Scalar): Scalar;
};

/** A system that trains both towers. */
export type DualEncoderSystem<Params extends DualEncoderParams & TensorTree, Carried extends TensorTree, StepBatch> = System<
  Params,
  Carried,
  StepBatch
> & { encoder: DualEncoder };

/**
 * The two towers of TIPS: a ViT with one CLS token per caption stream, and a bidirectional text transformer of the same width. Nothing
 * projects: CLS tokens and the pooled text are compared directly.
 *
 * @param options `masks`: whether the image tower has a mask token
 * @throws `invalid-argument` naming the setting that cannot be
 * @see "TIPS", arXiv 2410.16512; "TIPSv2", arXiv 2604.12012, section 3.1. The start of the temperature is CLIP's (not published)
 * @example dualEncoder(config, { masks: true }).init(createRng(0)).image.cls.shape // [2, 96] for two streams and width 96
 */
export function dualEncoder(config: DualEncoderConfiguration, { masks }: { masks: boolean }): DualEncoder {
  requireSettings(config);
  const { loss } = config;
  const { vit, init: initImage, encode } = imageTower(config, { masks });
  const text: TextConfig = { ...config.text, width: vit.width };
  return {
    vit,
    text,
    model: {
      describe(tokenizer) {
        const description: VitrailModelConfig = { kind: 'tips', vit, text, tokenizer: tokenizer?.toJSON() };
        return description;
      },
    },
    init: (rng) => ({
      image: initImage(rng.fork('image')),
      text: initText(text, rng.fork('text')),
      logitScale: initLogitScale(loss.temperature),
    }),
    encodeImages: encode,
    encodeTexts: (params, texts, options) => tidy(() => applyText(text, params, texts, options).pooled),
    guard: (logitScale) => clampLogitScale(logitScale, { maximum: Math.log(1 / loss.minimumTemperature) }),
  };
}
