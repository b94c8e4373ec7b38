import type { Tensor2D } from '@tensorflow/tfjs-core';
import { initParameters, normal, type ParameterShapes, type Rng } from '@vitrail/core';
import { initMlp, initMlpStatistics, type MlpConfig, type MlpParams, type MlpStatistics, mlpShapes } from './mlp.ts';

/** The projectors of CLIP-Rocket, equal for both modalities, each with parameters of its own. */
export type ClipRocketProjectors = {
  /** D, the length of the towers' features. */
  readonly width: number;
  /** E, the width of the joint space of weak views, which a linear map without a bias leads to. */
  readonly outputs: number;
  /** Of strong views; one of a single layer is linear. Strong views go through the weak projectors where there is none. */
  readonly strong?: MlpConfig;
};

/** Parameters of {@link ClipRocketProjectors}. Kernels are `[D, E]`. */
export type ClipRocketProjectorParams = {
  readonly weak: { readonly image: { readonly kernel: Tensor2D }; readonly text: { readonly kernel: Tensor2D } };
  readonly strong?: { readonly image: MlpParams; readonly text: MlpParams };
};

/** Running statistics of the strong projectors' batch norms. */
export type ClipRocketStatistics = { readonly image: MlpStatistics; readonly text: MlpStatistics };

/** The shape of every parameter of {@link ClipRocketProjectorParams}. */
export function clipRocketProjectorShapes({ width, outputs, strong }: ClipRocketProjectors): ParameterShapes {
  const kernel = [width, outputs];
  return {
    weak: { image: { kernel }, text: { kernel } },
    ...(strong && { strong: { image: mlpShapes(strong), text: mlpShapes(strong) } }),
  };
}

/**
 * Fresh projectors: kernels of linear ones N(0, 1/D), MLPs as {@link initMlp} has them (the reference leaves them as PyTorch does).
 *
 * @returns the parameter tree, the caller's
 * @throws `invalid-argument` as {@link initMlp}
 * @see code facebookresearch/clip-rocket, `models.py` (CL2L.initialize_parameters)
 * @example initClipRocketProjectors({ width: 96, outputs: 64 }, createRng(0)).weak.image.kernel.shape // [96, 64]
 */
export function initClipRocketProjectors(config: ClipRocketProjectors, rng: Rng): ClipRocketProjectorParams {
  const { strong } = config;
  const linear = normal(config.width ** -0.5);
  const init = (mlp: MlpConfig, stream: Rng) =>
    mlp.layers.length === 1
      ? (initParameters(mlpShapes(mlp), stream, [['**.kernel', linear]]) as MlpParams)
      : initMlp(mlp, stream);
  const { weak } = initParameters(clipRocketProjectorShapes({ ...config, strong: undefined }), rng, [['**.kernel', linear]]);
  return {
    weak: weak as unknown as ClipRocketProjectorParams['weak'],
    ...(strong && {
      strong: { image: init(strong, rng.fork('strong', 'image')), text: init(strong, rng.fork('strong', 'text')) },
    }),
  };
}

/**
 * Running statistics before any training, or `undefined` where no projector has a batch norm.
 *
 * @returns a tree, the caller's
 */
export function initClipRocketStatistics({ strong }: ClipRocketProjectors): ClipRocketStatistics | undefined {
  if (!strong?.layers.some(({ norm }) => norm)) return undefined;
  return { image: initMlpStatistics(strong), text: initMlpStatistics(strong) };
}
