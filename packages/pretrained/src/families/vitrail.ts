import { flattenTree, type ParameterShapes, type Rng, type TensorTree, unflattenTree } from '@vitrail/core';
import { tipsPreparation } from '@vitrail/data';
import { initLogitScale } from '@vitrail/losses';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { same } from '../naming.ts';
import { initTips, type TipsModelConfig, tipsEncoders, tipsShapes } from './tips-tower.ts';
import { describedAs, type VitrailDescription } from './vitrail-metadata.ts';

/** What a model file of Vitrail with the towers of TIPS says of itself; one that learned without texts has no `text`. */
export type VitrailModelConfig = VitrailDescription & TipsModelConfig & { readonly kind: 'tips' };

/** Such a file: that, whether the learned temperature is in it, and the shapes of its heads for training where those are wanted. */
export type VitrailFileConfig = VitrailModelConfig & { readonly hasLogitScale?: boolean; readonly heads?: ParameterShapes };

/** Models that were pretrained here: `model.safetensors` of a run's checkpoint. Heads for training are in the file, too, and loaded only where they are wanted. */
export const vitrail: ModelFamily<VitrailFileConfig> = {
  name: 'vitrail',
  recognise: ({ metadata, tensors, withHeads }) => {
    const config = describedAs<VitrailModelConfig>('tips', ['vit'], metadata);
    const heads = withHeads ? headShapes(tensors) : {};
    return config && { ...config, hasLogitScale: Object.hasOwn(tensors, 'logitScale'), ...heads };
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
  return {
    ...tipsShapes(config),
    ...(config.hasLogitScale && { logitScale: [] }),
    ...(config.heads && { heads: config.heads }),
  };
}

/** The shapes of all `heads.*` of a file, as `heads`; nothing where it has none. */
function headShapes(tensors: ModelHeader['tensors']): { heads?: ParameterShapes } {
  const heads = Object.entries(tensors).filter(([name]) => name.startsWith('heads.'));
  const shapes = Object.fromEntries(heads.map(([name, { shape }]) => [name, shape]));
  return unflattenTree<readonly number[]>(shapes) as { heads?: ParameterShapes };
}

function init(config: VitrailFileConfig, rng: Rng): TensorTree {
  return { ...initTips(config, rng), ...(config.hasLogitScale && { logitScale: initLogitScale(0.07) }) };
}
