import { add, type Tensor, type Tensor2D, type Tensor3D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import {
  fanInUniform,
  filled,
  initParameters,
  layerNormShapes,
  linearShapes,
  normal,
  type ParameterShapes,
  type Rng,
  xavierUniform,
} from '@vitrail/core';
import { type LayerNormParams, type LinearParams, layerNorm, repeatForBatch } from '@vitrail/ops';
import { type AttentionPoolParams, applyAttentionPool, attentionPoolShapes, probeInitializer } from './attention-pool.ts';
import { applyBlock, type BlockParams, blockShapes } from './block.ts';
import { blockAt } from './block-at.ts';
import { embedPatches, gridSide, type PatchGrid, patchGridOf, wholePatches } from './patch-embed.ts';
import { bicubicPositions } from './position-resizing.ts';
import { squarePositions } from './position-table.ts';
import { requireTower } from './require-tower.ts';

/** A vision tower of SigLIP, and of SigLIP 2 at a fixed resolution. */
export type SiglipVitConfig = {
  /**
   * Side of the square images whose patches the positions belong to, in pixels. Pixels on the right and below that fill no patch are not
   * looked at (SigLIP So400m/14 takes 384 pixels and sees 378). Other sizes work: positions are resized.
   */
  readonly imageSize: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  /** D, the length of a token and of the vectors that images and texts share. */
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Number of attention heads; divides the width. */
  readonly heads: number;
  /** The feed-forward layer: its activation and hidden width. `gelu-tanh` in all released weights. */
  readonly mlp: { readonly kind: 'gelu-tanh' | 'gelu'; readonly hidden: number };
};

/** Parameters of a vision tower of SigLIP. */
export type SiglipVitParams = {
  /** `kernel` `[p * p * 3, D]`, rows in the order (y, x, channel); `bias` `[D]`. */
  readonly patchEmbed: LinearParams;
  /** `[N, D]`. */
  readonly position: Tensor;
  /** By index, from '0'. */
  readonly blocks: Readonly<Record<string, BlockParams>>;
  /** The last layer norm. */
  readonly norm: LayerNormParams;
  readonly pool: AttentionPoolParams;
};

/** What a vision tower of SigLIP gives. Whoever called disposes the tensors. */
export type SiglipVitOutputs = {
  /** `[B, D]`, not normalised: what is compared with texts. */
  readonly pooled: Tensor2D;
  /** `[B, N, D]` row by row, after the last layer norm: what is pooled. */
  readonly patches: Tensor3D;
  /** The grid that the images were cut into: `N = rows * columns`. */
  readonly grid: PatchGrid;
};

/** The shape of every parameter of {@link SiglipVitParams}. */
export function siglipVitShapes(config: SiglipVitConfig): ParameterShapes {
  const { patchSize, width, depth } = config;
  return {
    patchEmbed: linearShapes(patchSize * patchSize * 3, width),
    position: [gridSide(config) ** 2, width],
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, blockShapes(config)])),
    norm: layerNormShapes(width),
    pool: attentionPoolShapes(config),
  };
}

/**
 * A freshly initialised vision tower of SigLIP: kernels and the probe Xavier-uniform (queries, keys and values each as a kernel of its own), that
 * of the patch embedding uniform within `1/sqrt(inputs)`, positions N(0, 1/D), biases of feed-forward layers N(0, 1e-12), other biases 0, norm
 * scales 1.
 *
 * As big_vision `models/vit.py`. Deviation: the patch embedding's kernel is normal there, with three times the variance (Flax' default).
 *
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for a configuration that cannot be
 * @example initSiglipVit(siglipVitPresets['B/16'], createRng(0)).position.shape // [196, 768]
 */
export function initSiglipVit(config: SiglipVitConfig, rng: Rng): SiglipVitParams {
  const { width, heads, imageSize, patchSize, depth, mlp } = config;
  const side = { 'imageSize / patchSize, rounded down': gridSide(config) };
  requireTower('initSiglipVit', { width, heads, imageSize, patchSize, depth, 'mlp.hidden': mlp.hidden, ...side });
  return initParameters(siglipVitShapes(config), rng, [
    ['patchEmbed.kernel', fanInUniform],
    ['position', normal(width ** -0.5)],
    ['pool.probe', probeInitializer],
    ['**.qkv.kernel', xavierUniform({ parts: 3 })],
    ['**.kernel', xavierUniform()],
    ['**.mlp.*.bias', normal(1e-6)],
    ['**.scale', filled(1)],
    ['**.bias', filled(0)],
  ]) as SiglipVitParams;
}

/**
 * The vision tower of SigLIP and, at a fixed resolution, of SigLIP 2: patch embedding with bias, learned positions, no CLS token, pre-norm blocks,
 * a layer norm, and attention pooling. Nothing projects afterwards.
 *
 * @param images `[B, H, W, 3]`, RGB in [-1, 1]; positions are resized bicubically to images that are not `imageSize` by `imageSize`
 * @throws `shape-mismatch` for images smaller than a patch, or fewer blocks in `params` than the configuration says
 * @see "Sigmoid Loss for Language Image Pre-Training", Zhai et al. 2023 (arXiv 2303.15343); "SigLIP 2", Tschannen et al. 2025 (arXiv 2502.14786);
 *   code: big_vision `models/vit.py` with `pool_type='map'`. Layer norms have epsilon 1e-6. Other sizes as transformers'
 *   `interpolate_pos_encoding`
 * @example applySiglipVit(siglipVitPresets['B/16'], params, zeros([2, 224, 224, 3])).pooled.shape // [2, 768]
 */
export function applySiglipVit(config: SiglipVitConfig, params: SiglipVitParams, images: Tensor4D): SiglipVitOutputs {
  const { patchSize, depth } = config;
  return tidy(() => {
    const whole = wholePatches(images, patchSize);
    const grid = patchGridOf(whole.shape, patchSize);
    const embedded = embedPatches(whole, patchSize, params.patchEmbed); // [B, N, D]
    let x: Tensor3D = add(embedded, repeatForBatch(squarePositions(params.position, grid, bicubicPositions), images.shape[0]));
    for (let i = 0; i < depth; i++) x = applyBlock(config, blockAt('applySiglipVit', params.blocks, i, depth), x);
    const patches = layerNorm(x, params.norm) as Tensor3D;
    return { pooled: applyAttentionPool(config, params.pool, patches), patches, grid };
  });
}

/** The vision towers of SigLIP; for other resolutions: `{ ...siglipVitPresets['B/16'], imageSize: 384 }`. Those of SigLIP 2 are the same. */
export const siglipVitPresets: Readonly<Record<'B/16' | 'L/16' | 'So400m/14', SiglipVitConfig>> = {
  'B/16': tower({ imageSize: 224, patchSize: 16, width: 768, depth: 12, heads: 12 }, 3072),
  'L/16': tower({ imageSize: 256, patchSize: 16, width: 1024, depth: 24, heads: 16 }, 4096),
  'So400m/14': tower({ imageSize: 384, patchSize: 14, width: 1152, depth: 27, heads: 16 }, 4304),
};

function tower(size: Omit<SiglipVitConfig, 'mlp'>, hidden: number): SiglipVitConfig {
  return { ...size, mlp: { kind: 'gelu-tanh', hidden } };
}
