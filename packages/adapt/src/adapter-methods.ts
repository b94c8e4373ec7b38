import { clone, type Tensor2D } from '@tensorflow/tfjs-core';
import { mapTree, type ParameterShapes, type TensorTree } from '@vitrail/core';
import type { LinearParams } from '@vitrail/ops';
import { type AdaLinkParams, adaLink, adaLinkShapes, initAdaLink } from './ada-link.ts';
import type { AdaptableTowers, TowerParams } from './adaptable-towers.ts';
import type { AdapterConfig, AdapterMethod, Modality } from './adapter.ts';
import { initLora, type LoraParams, loraShapes } from './lora.ts';
import { mergeAdaLinkIntoPatches, mergeAdaLinkIntoTable } from './merge-ada-link.ts';
import { mergeLora } from './merge-lora.ts';
import { initPrompts, type PromptParams, promptShapes } from './prompts.ts';

type ConfigOf<Method> = Extract<AdapterConfig, { method: Method }>;

/** AdaLink modules on the adapted towers. */
export function adaLinkMethod(config: ConfigOf<'adalink'>, towers: AdaptableTowers): AdapterMethod {
  const { modalities, place } = config;
  const links = { ...config, widths: widthsOf(modalities, towers) };
  return {
    shapes: adaLinkShapes(links),
    init: (_, rng) => initAdaLink(links, rng),
    encode: (modality, tower, { base, own, inputs }) =>
      tower.encode(base, inputs, { [place]: adaLink(links, own as AdaLinkParams, modality) }),
    obstacle: obstacleOf(config),
    merge(base, own) {
      const params = own as AdaLinkParams;
      const { image, text } = base as { image: { patchEmbed: LinearParams }; text: { tokenEmbedding: Tensor2D } };
      return {
        image: modalities.includes('image') ? mergeAdaLinkIntoPatches(links, params, 'image', image) : image,
        text: modalities.includes('text') ? mergeAdaLinkIntoTable(links, params, 'text', text) : text,
      } as TowerParams;
    },
  };
}

function obstacleOf({ modalities, place, activation }: ConfigOf<'adalink'>): string | undefined {
  if (place === 'after') {
    return 'AdaLink that runs after positions were added is part of no matrix: place it before them, or keep the module';
  }
  if (activation === undefined || !modalities.includes('image')) return undefined;
  return `AdaLink with ${activation} does not merge into the patch projection, which is linear: leave the activation out, or keep the module`;
}

/** LoRA on the kernels of the adapted towers. */
export function loraMethod(config: ConfigOf<'lora'>, towers: AdaptableTowers): AdapterMethod {
  const { modalities } = config;
  return {
    shapes: loraShapes(config, shapesOf(modalities, towers)),
    init: (base, rng) => initLora(config, chosen(modalities, base), rng),
    encode(modality, tower, { base, own, inputs }) {
      const lora = chosen([modality], (own as LoraParams).lora as Partial<TowerParams>);
      return tower.encode(mergeLora(config, { [modality]: base }, { lora })[modality] as TensorTree, inputs);
    },
    obstacle: undefined,
    merge: (base, own) => ({ ...base, ...mergeLora(config, chosen(modalities, base), own as LoraParams) }),
  };
}

/** Learned prompts in the adapted towers. */
export function promptMethod({ modalities, count }: ConfigOf<'prompt'>, towers: AdaptableTowers): AdapterMethod {
  const prompts = { count, widths: widthsOf(modalities, towers) };
  return {
    shapes: promptShapes(prompts),
    init: (_, rng) => initPrompts(prompts, rng),
    encode(modality, tower, { base, own, inputs }) {
      const prompted = tower.prompted((own as PromptParams).prompts[modality], inputs);
      return tower.encode(base, prompted.inputs, prompted.onEmbeddings);
    },
    obstacle: 'prompts are tokens that every block sees, and part of no parameter of the towers: keep them',
    merge: (base) => base,
  };
}

/** All parameters of the adapted towers. */
export function fineTuning({ modalities }: ConfigOf<'finetune'>, towers: AdaptableTowers): AdapterMethod {
  return {
    shapes: shapesOf(modalities, towers),
    init: (base) => mapTree(chosen(modalities, base), (leaf) => clone(leaf)),
    encode: (modality, tower, { own, inputs }) => tower.encode(own[modality] as TensorTree, inputs),
    obstacle: undefined,
    merge: (base, own) => ({ ...base, ...own }),
  };
}

function widthsOf(modalities: readonly Modality[], towers: AdaptableTowers): Record<string, number> {
  return Object.fromEntries(modalities.map((modality) => [modality, towers[modality].width]));
}

function shapesOf(modalities: readonly Modality[], towers: AdaptableTowers): ParameterShapes {
  return Object.fromEntries(modalities.map((modality) => [modality, towers[modality].shapes]));
}

/** The parts of a tree that belong to the modalities. */
function chosen(modalities: readonly Modality[], tree: Partial<TowerParams>): TensorTree {
  return Object.fromEntries(modalities.flatMap((modality) => (tree[modality] ? [[modality, tree[modality]]] : [])));
}
