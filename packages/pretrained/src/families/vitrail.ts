import { flattenTree, type ParameterShapes, type Rng, type TensorTree } from '@vitrail/core';
import { tipsPreparation } from '@vitrail/data';
import { initLogitScale } from '@vitrail/losses';
import type { ModelFamily } from '../family.ts';
import { same } from '../naming.ts';
import { initTips, type TipsModelConfig, tipsEncoders, tipsShapes } from './tips-tower.ts';
import { describedAs, type VitrailDescription } from './vitrail-metadata.ts';

/** What a model file of Vitrail with the towers of TIPS says of itself; one that learned without texts has no `text`. */
export type VitrailModelConfig = VitrailDescription & TipsModelConfig & { readonly kind: 'tips' };

/** Such a file: that, and whether the learned temperature is in it. */
export type VitrailFileConfig = VitrailModelConfig & { readonly hasLogitScale?: boolean };

/** Models that were pretrained here: `model.safetensors` of a run's checkpoint. Heads for training are in the file, too, and not loaded. */
export const vitrail: ModelFamily<VitrailFileConfig> = {
  name: 'vitrail',
  recognise: ({ metadata, tensors }) => {
    const config = describedAs<VitrailModelConfig>('tips', ['vit'], metadata);
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
