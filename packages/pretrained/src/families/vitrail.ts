import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { reshape, tidy } from '@tensorflow/tfjs-core';
import { flattenTree, type ParameterShapes, type TensorTree, VitrailError } from '@vitrail/core';
import { tipsPreparation } from '@vitrail/data';
import { applyText, initText, type TextConfig, type TextParams, textShapes } from '@vitrail/text';
import { applyVit, initVit, type VitConfig, type VitParams, vitShapes } from '@vitrail/vit';
import type { Encoders, ModelFamily } from '../family.ts';
import { same } from '../naming.ts';

/** What a model file of Vitrail says of itself: enough to encode with it, and nothing of how it was trained. */
export type VitrailModelConfig = {
  readonly vit: VitConfig;
  readonly text: TextConfig;
  /** Of `tokenizerFromJSON`. */
  readonly tokenizer: unknown;
};

const KEY = 'vitrail.model';

/** The metadata that says so in a safetensors file. */
export function vitrailMetadata(config: VitrailModelConfig): Record<string, string> {
  return { [KEY]: JSON.stringify(config) };
}

/**
 * The configuration in a file's metadata, or `undefined` when the file was not written by Vitrail.
 *
 * @throws `corrupt-data` when it cannot be read
 */
export function readVitrailMetadata(metadata: Readonly<Record<string, string>>): VitrailModelConfig | undefined {
  if (!Object.hasOwn(metadata, KEY)) return undefined;
  try {
    const { vit, text, tokenizer } = JSON.parse(metadata[KEY]) as VitrailModelConfig;
    if (typeof vit !== 'object' || typeof text !== 'object' || tokenizer === undefined)
      throw new SyntaxError('parts are missing');
    return { vit, text, tokenizer };
  } catch (cause) {
    throw new VitrailError('corrupt-data', `the metadata "${KEY}" cannot be read (${(cause as Error).message})`, { cause });
  }
}

/** Models that were pretrained here: `model.safetensors` of a run's checkpoint. Heads for training are in the file, too, and not loaded. */
export const vitrail: ModelFamily<VitrailModelConfig> = {
  name: 'vitrail',
  recognise: ({ metadata }) => readVitrailMetadata(metadata),
  shapes,
  naming: (config) =>
    Object.fromEntries(Object.entries(flattenTree(shapes(config))).map(([path, shape]) => [path, same(path, shape)])),
  ignored: ['heads.**', 'logitScale'],
  init: ({ vit, text }, rng) => ({ image: initVit(vit, rng.fork('image')), text: initText(text, rng.fork('text')) }),
  encoders,
  preparation: ({ vit }) => tipsPreparation(vit.imageSize),
};

function shapes({ vit, text }: VitrailModelConfig): ParameterShapes {
  return { image: vitShapes(vit), text: textShapes(text) };
}

function encoders({ vit, text }: VitrailModelConfig, params: TensorTree): Encoders {
  const towers = params as { image: VitParams; text: TextParams };
  return {
    image: {
      imageSize: vit.imageSize,
      patchSize: vit.patchSize,
      readouts: ['tokens', 'value', 'value-only'],
      encode: (images: Tensor4D, readout) =>
        tidy(() => {
          const { cls, patches, grid } = applyVit(vit, towers.image, images, { readout });
          return { cls, patches: reshape(patches, [images.shape[0], grid.rows, grid.columns, vit.width]) };
        }),
    },
    text: {
      maxTokens: text.maxTokens,
      vocabularySize: text.vocabularySize,
      encode: (ids: Tensor2D, padding: Tensor2D) => tidy(() => applyText(text, towers.text, { ids, padding }).pooled),
    },
  };
}
