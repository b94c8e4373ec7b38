import { type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { type ParameterShapes, type Rng, type TensorTree, VitrailError } from '@vitrail/core';
import type { TextInputs } from '@vitrail/text';
import type { AdaLinkConfig } from './ada-link.ts';
import type { AdaptableTower, AdaptableTowers, TowerParams } from './adaptable-towers.ts';
import { adaLinkMethod, fineTuning, loraMethod, promptMethod } from './adapter-methods.ts';
import type { LoraConfig } from './lora.ts';

/** One of the towers. */
export type Modality = keyof AdaptableTowers;

/** What is trained beside two towers, and in which of them. */
export type AdapterConfig = {
  /** The towers that are adapted; the others stay as they are. */
  readonly modalities: readonly Modality[];
} & (
  | ({ readonly method: 'adalink'; readonly place: 'before' | 'after' } & Omit<AdaLinkConfig, 'widths'>)
  | ({ readonly method: 'lora' } & LoraConfig)
  | { readonly method: 'prompt'; readonly count: number }
  | { readonly method: 'finetune' }
);

/** Two frozen towers with something trained beside them, as pure functions of both trees of parameters. */
export type Adapter = {
  readonly modalities: readonly Modality[];
  /** The shape of every parameter that is trained. */
  readonly shapes: ParameterShapes;
  /** Fresh parameters, the caller's. With AdaLink, LoRA and fine-tuning the towers are at first what they were. */
  init(base: TowerParams, rng: Rng): TensorTree;
  /** `[B, H, W, 3]` to `[B, E]`, not normalised; the caller's. */
  encodeImages(base: TowerParams, own: TensorTree, images: Tensor4D): Tensor2D;
  /** Texts to `[B, E]`, not normalised; the caller's. */
  encodeTexts(base: TowerParams, own: TensorTree, inputs: TextInputs): Tensor2D;
  /** Why no towers by themselves give the same, in words; `undefined` where some do. */
  readonly obstacle: string | undefined;
  /**
   * Towers that give, by themselves, what `base` gives with `own`: only the tensors that differ are new.
   *
   * @throws `invalid-argument` where there is an `obstacle`
   */
  merge(base: TowerParams, own: TensorTree): TowerParams;
};

/** One method: what it trains, and how one tower runs with it. `own` has the parameters of all its modalities. */
export type AdapterMethod = Pick<Adapter, 'shapes' | 'init' | 'obstacle' | 'merge'> & {
  encode<Inputs>(
    modality: Modality,
    tower: AdaptableTower<Inputs>,
    parts: { readonly base: TensorTree; readonly own: TensorTree; readonly inputs: Inputs },
  ): Tensor2D;
};

/**
 * A method on the towers of a model: AdaLink, LoRA, learned prompts, or fine-tuning of all parameters, which bounds the others.
 *
 * Names in the tree are those of the method: `adalink.image.down`, `lora.text.blocks.0...`, `prompts.image`; of fine-tuning those of the towers,
 * `image.patchEmbed.kernel`. Nothing of `base` is ever changed.
 *
 * @throws `invalid-argument` for a configuration that cannot be
 * @see "Non-Intrusive Adaptation", Wang et al. 2023 (arXiv 2310.12100), which compares these four
 * @example createAdapter({ method: 'adalink', place: 'after', rank: 8, modalities: ['image'] }, towers).encodeImages(base, own, images).shape // [2, 96]
 */
export function createAdapter(config: AdapterConfig, towers: AdaptableTowers): Adapter {
  const { modalities } = config;
  const { shapes, init, encode, obstacle, merge } = methodOf(config, towers);
  const run = <Inputs>(modality: Modality, base: TowerParams, own: TensorTree, inputs: Inputs) => {
    const tower = towers[modality] as unknown as AdaptableTower<Inputs>;
    return tidy(() =>
      modalities.includes(modality)
        ? encode(modality, tower, { base: base[modality], own, inputs })
        : tower.encode(base[modality], inputs),
    );
  };
  return {
    modalities,
    shapes,
    init,
    encodeImages: (base, own, images) => run('image', base, own, images),
    encodeTexts: (base, own, inputs) => run('text', base, own, inputs),
    obstacle,
    merge(base, own) {
      if (obstacle !== undefined) throw new VitrailError('invalid-argument', `createAdapter: ${obstacle}`);
      return merge(base, own);
    },
  };
}

function methodOf(config: AdapterConfig, towers: AdaptableTowers): AdapterMethod {
  switch (config.method) {
    case 'adalink':
      return adaLinkMethod(config, towers);
    case 'lora':
      return loraMethod(config, towers);
    case 'prompt':
      return promptMethod(config, towers);
    case 'finetune':
      return fineTuning(config, towers);
  }
}
