import { fill, reshape, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import {
  countShapes,
  filled,
  initParameters,
  layerNormShapes,
  linearShapes,
  normal,
  type ParameterShapes,
  type Rng,
  truncatedNormal,
  VitrailError,
} from '@vitrail/core';
import { type LayerNormParams, type LinearParams, matrixProduct } from '@vitrail/ops';
import { type BlockParams, blockShapes, tipsInitialization } from './block.ts';
import { localInitialization } from './local-initialization.ts';
import { requireTower } from './require-tower.ts';

/** A vision tower of TIPS. */
export type VitConfig = {
  /** Side of the square images it is meant for, in pixels; a multiple of the patch size. Other sizes work: positions are resized. */
  readonly imageSize: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  /** D, the length of a token. */
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Number of attention heads; divides the width. */
  readonly heads: number;
  /** The feed-forward layer: its kind and hidden width. */
  readonly mlp: { readonly kind: 'gelu' | 'gelu-tanh' | 'swiglu'; readonly hidden: number };
  /** Number of CLS tokens; TIPS has two, one per kind of caption. */
  readonly clsTokens: number;
  /** G: positions are learned on a grid of `G x G` patches and resized to the grid of the images. */
  readonly positionGrid: number;
  /** Whether there is a learned token that stands in for masked patches. */
  readonly maskToken: boolean;
  /** What LayerScale starts with. By default there is none, as in scenic; the PyTorch port of TIPS has it, at 1. */
  readonly layerScale?: number;
  /** Added to variances in layer norms; 1e-6 by default. */
  readonly epsilon?: number;
};

/** Parameters of a vision tower. */
export type VitParams = {
  /** `kernel` `[p * p * 3, D]`, whose rows are the pixels of a patch in the order (y, x, channel); `bias` `[D]`. */
  readonly patchEmbed: LinearParams;
  /** `[G, G, D]`. */
  readonly position: Tensor;
  /** `[C, D]`. */
  readonly cls: Tensor;
  /** `[D]`, if the configuration asks for it. */
  readonly maskToken?: Tensor;
  /** By index, from '0'. */
  readonly blocks: Readonly<Record<string, BlockParams>>;
  /** The last layer norm. */
  readonly norm: LayerNormParams;
};

/** The shape of every parameter of {@link VitParams}: what {@link initVit} makes and {@link vitParameterCount} counts. */
export function vitShapes(config: VitConfig): ParameterShapes {
  const { patchSize, width, depth, clsTokens, positionGrid } = config;
  return {
    patchEmbed: linearShapes(patchSize * patchSize * 3, width),
    position: [positionGrid, positionGrid, width],
    cls: [clsTokens, width],
    ...(config.maskToken && { maskToken: [width] }),
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, blockShapes(config)])),
    norm: layerNormShapes(width),
  };
}

/**
 * The number of parameters of a vision tower, counted from shapes alone: nothing is allocated.
 *
 * @example vitParameterCount(vitPresets['B/14']) // 86296320
 */
export function vitParameterCount(config: VitConfig): number {
  return countShapes(vitShapes(config));
}

/** How a tower starts: as TIPS', or with patches that look at what is near and alike. */
export type VitInitialization = 'tips' | 'local';

/**
 * A freshly initialised vision tower: kernels Xavier-uniform, positions N(0, 0.02^2) cut at two deviations, CLS tokens N(0, 1e-12), mask
 * token and biases 0 but for that of the patch embedding, norm scales 1.
 *
 * Kernels as TIPS' scenic `models/vit.py`, tokens and positions as its PyTorch `image_encoder.py` (which of the two was trained with is not
 * known). Deviations: the patch embedding's kernel is filled like every other, and its bias starts where mid-gray pixels give zero: TIPS takes no mean off its pixels, and a tower that
 * starts from what all pictures share spends its first steps on getting rid of it.
 *
 * @param rng each parameter draws from its own stream, named by its path
 * @param options.initialization `local` for a tower whose patches start by looking at what is near and alike: {@link localInitialization}
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for a configuration that cannot be, also for a width that is not a multiple of 4 with `local`
 * @example initVit(config, createRng(0)).patchEmbed.kernel.shape // [588, 768]
 */
export function initVit(
  config: VitConfig,
  rng: Rng,
  { initialization = 'tips' }: { initialization?: VitInitialization } = {},
): VitParams {
  requireVit('initVit', config);
  if (initialization === 'local' && config.width % 4 !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `initVit: local positions need a width that is a multiple of 4, but ${config.width} came; use the initialization tips`,
    );
  }
  const params = initParameters(vitShapes(config), rng, [
    ...(initialization === 'local' ? localInitialization : []),
    ['position', truncatedNormal(0.02)],
    ['cls', normal(1e-6)],
    ['maskToken', filled(0)],
    ['**.ls*', filled(config.layerScale ?? 1)],
    ...tipsInitialization,
  ]) as VitParams;
  const { kernel, bias } = params.patchEmbed;
  bias?.dispose();
  return { ...params, patchEmbed: { kernel, bias: grayToZero(kernel) } };
}

/** `[D]`: minus half the sum of the kernel's rows, so that a patch of 0.5 everywhere embeds to zero. */
function grayToZero(kernel: Tensor): Tensor {
  const [pixels, width] = kernel.shape;
  return tidy(() => reshape(matrixProduct(fill([1, pixels], -0.5), kernel as Tensor2D), [width]));
}

function requireVit(what: string, config: VitConfig): void {
  const { imageSize, patchSize, width, heads, mlp, depth, clsTokens, positionGrid } = config;
  requireTower(what, { imageSize, patchSize, width, heads, 'mlp.hidden': mlp.hidden, depth, clsTokens, positionGrid });
  if (imageSize % patchSize !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `${what}: imageSize must be a multiple of patchSize, but ${imageSize} and ${patchSize} came`,
    );
  }
}
