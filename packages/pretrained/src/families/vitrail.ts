import { flattenTree, type ParameterShapes, type Rng, type TensorTree, VitrailError } from '@vitrail/core';
import { tipsPreparation } from '@vitrail/data';
import { initLogitScale } from '@vitrail/losses';
import type { TextConfig } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';
import type { ModelFamily } from '../family.ts';
import { same } from '../naming.ts';
import { initTips, tipsEncoders, tipsShapes } from './tips-tower.ts';

/** What a model file of Vitrail says of itself: enough to encode with it, and nothing of how it was trained. */
export type VitrailModelConfig = {
  readonly vit: VitConfig;
  readonly text: TextConfig;
  /** Of `tokenizerFromJSON`. */
  readonly tokenizer: unknown;
};

/** A model file of Vitrail: that, and whether the learned temperature is in the file. */
export type VitrailFileConfig = VitrailModelConfig & { readonly hasLogitScale: boolean };

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
export const vitrail: ModelFamily<VitrailFileConfig> = {
  name: 'vitrail',
  recognise: ({ metadata, tensors }) => {
    const config = readVitrailMetadata(metadata);
    return config && { ...config, hasLogitScale: Object.hasOwn(tensors, 'logitScale') };
  },
  shapes,
  naming: (config) =>
    Object.fromEntries(Object.entries(flattenTree(shapes(config))).map(([path, shape]) => [path, same(path, shape)])),
  ignored: ['heads.**', 'logitBias'],
  init,
  encoders: tipsEncoders,
  preparation: ({ vit }) => tipsPreparation(vit.imageSize),
};

function shapes(config: VitrailFileConfig): ParameterShapes {
  return { ...tipsShapes(config), ...(config.hasLogitScale && { logitScale: [] }) };
}

function init(config: VitrailFileConfig, rng: Rng): TensorTree {
  return { ...initTips(config, rng), ...(config.hasLogitScale && { logitScale: initLogitScale(0.07) }) };
}
