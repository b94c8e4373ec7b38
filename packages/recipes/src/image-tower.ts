import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Rng } from '@vitrail/core';
import type { VitrailModelConfig } from '@vitrail/pretrained';
import { applyVit, initVit, type VitConfig, type VitOptions, type VitOutputs, type VitParams } from '@vitrail/vit';
import type { ImageConfiguration } from './configuration.ts';
import type { TrainedModel } from './recipe.ts';

/** The image tower of a configuration, as pure functions. Callers own what they pass in and what they get back. */
export type ImageTower = {
  readonly vit: VitConfig;
  init(rng: Rng): VitParams;
  /** `[B, H, W, 3]` in [0, 1] to CLS tokens `[B, C, D]` and patches `[B, N, D]`. */
  encode(params: VitParams, images: Tensor4D, options?: VitOptions): VitOutputs;
  /** The model that it is by itself, without texts: `image` of the parameters. */
  readonly model: TrainedModel;
};

/**
 * The image tower of TIPS: a ViT whose positions are learned on a grid of their own.
 *
 * @param config whose settings have been looked at
 * @param options `masks`: whether it has a mask token
 * @see "TIPS", arXiv 2410.16512
 * @example imageTower(config, { masks: false }).init(createRng(0)).cls.shape // [1, 96] for one CLS token and width 96
 */
export function imageTower({ image, train, views }: ImageConfiguration, { masks }: { masks: boolean }): ImageTower {
  const vit: VitConfig = {
    imageSize: views.globalSize,
    patchSize: image.patchSize,
    width: image.width,
    depth: image.depth,
    heads: image.heads,
    mlp: { kind: image.mlp, hidden: image.mlpHidden },
    clsTokens: image.clsTokens,
    positionGrid: image.positionGrid,
    maskToken: masks,
  };
  return {
    vit,
    init: (rng) => initVit(vit, rng, { initialization: image.initialization }),
    encode: (params, images, options) => applyVit(vit, params, images, { remat: train.remat, ...options }),
    model: {
      describe() {
        const description: VitrailModelConfig = { kind: 'tips', vit };
        return description;
      },
    },
  };
}
