import {
  add,
  concat,
  type Rank,
  reshape,
  split,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import {
  fanInUniform,
  filled,
  initParameters,
  layerNormShapes,
  linearShapes,
  normal,
  type ParameterShapes,
  type Rng,
} from '@vitrail/core';
import { type LayerNormParams, type LinearParams, layerNorm, repeatForBatch } from '@vitrail/ops';
import { applyBlock, type BlockParams, blockShapes } from './block.ts';
import { blockAt } from './block-at.ts';
import { embedPatches, gridSide, type PatchGrid, patchGridOf, wholePatches } from './patch-embed.ts';
import { type Dinov2Resizing, dinov2Positions } from './position-dinov2.ts';
import { positionsBehindCls } from './position-table.ts';
import { replaceMasked } from './replace-masked.ts';
import { requireTower } from './require-tower.ts';
import { requireVitInputs } from './require-vit-inputs.ts';

/** A vision tower of DINOv2, with or without registers. */
export type Dinov2Config = {
  /**
   * Side of the square images whose patches the positions belong to, in pixels. Pixels on the right and below that fill no patch are not
   * looked at. Other sizes work: positions are resized.
   */
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
  readonly mlp: { readonly kind: 'gelu' | 'swiglu'; readonly hidden: number };
  /** R, the number of registers; 0 for none. */
  readonly registers: number;
  /** What LayerScale starts with. */
  readonly layerScale: number;
  /** Whether there is a learned token that stands in for masked patches. */
  readonly maskToken: boolean;
  /** How positions are brought to images of another size. */
  readonly resizing: Dinov2Resizing;
};

/** Parameters of a vision tower of DINOv2. */
export type Dinov2Params = {
  /** `kernel` `[p * p * 3, D]`, rows in the order (y, x, channel); `bias` `[D]`. */
  readonly patchEmbed: LinearParams;
  /** `[D]`. */
  readonly cls: Tensor;
  /** `[1 + N, D]`, the CLS token's first. */
  readonly position: Tensor;
  /** `[R, D]`, if there are any. */
  readonly registers?: Tensor;
  /** `[D]`, if the configuration asks for it. */
  readonly maskToken?: Tensor;
  /** By index, from '0'; with `ls1` and `ls2`. */
  readonly blocks: Readonly<Record<string, BlockParams>>;
  /** The last layer norm. */
  readonly norm: LayerNormParams;
};

/** How {@link applyDinov2} runs. */
export type Dinov2Options = {
  /** `[B, N]`, 1 for a patch that the mask token replaces, 0 for one that is seen. */
  readonly mask?: Tensor2D;
  /** Indices of blocks whose outputs are wanted too. None by default. */
  readonly blocks?: readonly number[];
};

/** What a vision tower of DINOv2 gives. Whoever called disposes the tensors. */
export type Dinov2Outputs = {
  /** `[B, 1, D]`, after the last layer norm. */
  readonly cls: Tensor3D;
  /** `[B, R, D]`, after the last layer norm. */
  readonly registers: Tensor3D;
  /** `[B, N, D]` row by row, after the last layer norm. */
  readonly patches: Tensor3D;
  /** Outputs of the chosen blocks, by index: `[B, 1 + R + N, D]`, CLS token and registers first, before any norm. */
  readonly blocks: Readonly<Record<number, Tensor3D>>;
  /** The grid that the images were cut into: `N = rows * columns`. */
  readonly grid: PatchGrid;
};

/** The shape of every parameter of {@link Dinov2Params}. */
export function dinov2Shapes(config: Dinov2Config): ParameterShapes {
  const { patchSize, width, depth, registers, maskToken } = config;
  return {
    patchEmbed: linearShapes(patchSize * patchSize * 3, width),
    cls: [width],
    position: [1 + gridSide(config) ** 2, width],
    ...(registers > 0 && { registers: [registers, width] }),
    ...(maskToken && { maskToken: [width] }),
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, blockShapes(config)])),
    norm: layerNormShapes(width),
  };
}

/**
 * A freshly initialised tower of DINOv2: kernels and positions N(0, 0.02^2), that of the patch embedding uniform within `1/sqrt(inputs)`, CLS
 * token and registers N(0, 1e-12), mask token and biases 0, norm scales 1, LayerScale as configured.
 *
 * As the official `models/vision_transformer.py`. Deviation: the bias of the patch embedding is 0 too, where PyTorch's default draws it.
 *
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for a configuration that cannot be
 * @example initDinov2({ ...dinov2Presets['S/14'], registers: 4 }, createRng(0)).registers.shape // [4, 384]
 */
export function initDinov2(config: Dinov2Config, rng: Rng): Dinov2Params {
  const { width, heads, imageSize, patchSize, depth, mlp, registers, layerScale } = config;
  const side = { 'imageSize / patchSize, rounded down': gridSide(config) };
  // One more register, as there may be none.
  requireTower('initDinov2', {
    width,
    heads,
    imageSize,
    patchSize,
    depth,
    'mlp.hidden': mlp.hidden,
    '1 + registers': 1 + registers,
    ...side,
  });
  return initParameters(dinov2Shapes(config), rng, [
    ['patchEmbed.kernel', fanInUniform],
    ['**.kernel', normal(0.02)],
    ['position', normal(0.02)],
    ['cls', normal(1e-6)],
    ['registers', normal(1e-6)],
    ['maskToken', filled(0)],
    ['**.ls*', filled(layerScale)],
    ['**.scale', filled(1)],
    ['**.bias', filled(0)],
  ]) as Dinov2Params;
}

/**
 * The vision tower of DINOv2.
 *
 * In this order: patch embedding; masked patches replaced by the mask token, so that they keep their position; the CLS token in front; positions
 * for all of these, those of patches resized to the images' grid; registers, without position, behind the CLS token; pre-norm blocks with
 * LayerScale; a layer norm over all tokens.
 *
 * @param images `[B, H, W, 3]`, RGB normalised by ImageNet's means and deviations
 * @throws `shape-mismatch` for images smaller than a patch, a mask that does not fit, or fewer blocks in `params` than the configuration says;
 *   `invalid-argument` for images that are not float32, a mask without a mask token, or a block that there is not
 * @see "DINOv2: Learning Robust Visual Features without Supervision", Oquab et al. 2023 (arXiv 2304.07193); "Vision Transformers Need
 *   Registers", Darcet et al. 2023 (arXiv 2309.16588); code: facebookresearch/dinov2, `models/vision_transformer.py`, which refuses sides that are no multiples of the patch
 *   size, where transformers leaves out what fills no patch. No drop path
 * @example applyDinov2(dinov2Presets['S/14'], params, zeros([2, 224, 224, 3])).patches.shape // [2, 256, 384]
 */
export function applyDinov2(
  config: Dinov2Config,
  params: Dinov2Params,
  images: Tensor4D,
  options: Dinov2Options = {},
): Dinov2Outputs {
  const { depth, registers, width } = config;
  return tidy(() => {
    const whole = wholePatches(images, config.patchSize);
    const grid = patchGridOf(whole.shape, config.patchSize);
    requireVitInputs('applyDinov2', whole, grid, { depth, maskToken: params.maskToken }, options);
    let x = tokenSequence(config, params, whole, grid, options.mask); // [B, 1 + R + N, D]
    const blocks: Record<number, Tensor3D> = {};
    for (let i = 0; i < depth; i++) {
      x = applyBlock(config, blockAt('applyDinov2', params.blocks, i, depth), x);
      if (options.blocks?.includes(i)) blocks[i] = x;
    }
    const normed = layerNorm(x, params.norm) as Tensor3D;
    const count = grid.rows * grid.columns;
    if (registers > 0) {
      const [cls, extra, patches] = split<Tensor3D>(normed, [1, registers, count], 1);
      return { cls, registers: extra, patches, blocks, grid };
    }
    const [cls, patches] = split<Tensor3D>(normed, [1, count], 1);
    return { cls, registers: zeros<Rank.R3>([images.shape[0], 0, width]), patches, blocks, grid };
  });
}

function tokenSequence(
  { patchSize, width, registers, resizing }: Dinov2Config,
  params: Dinov2Params,
  images: Tensor4D,
  grid: PatchGrid,
  mask: Tensor2D | undefined,
): Tensor3D {
  const batch = images.shape[0];
  const embedded = embedPatches(images, patchSize, params.patchEmbed); // [B, N, D]
  const patches = mask && params.maskToken ? replaceMasked(embedded, params.maskToken, mask) : embedded;
  const positions = positionsBehindCls(params.position, grid, (table, size) => dinov2Positions(table, size, resizing));
  // What stands in front is the same for every image, and so is the sum of the CLS token and its position.
  const cls = add(reshape(params.cls, [1, width]), positions.cls);
  const front = registers > 0 && params.registers ? concat([cls, params.registers], 0) : cls; // [1 + R, D]
  const placed = add(patches, repeatForBatch(positions.patches, batch));
  return concat([repeatForBatch(front, batch) as Tensor3D, placed as Tensor3D], 1);
}

/** The towers of DINOv2 without registers; with them: `{ ...dinov2Presets['B/14'], registers: 4, resizing: 'antialiased' }`. */
export const dinov2Presets: Readonly<Record<'S/14' | 'B/14' | 'L/14' | 'g/14', Dinov2Config>> = {
  'S/14': tower({ width: 384, depth: 12, heads: 6, mlp: { kind: 'gelu', hidden: 1536 } }),
  'B/14': tower({ width: 768, depth: 12, heads: 12, mlp: { kind: 'gelu', hidden: 3072 } }),
  'L/14': tower({ width: 1024, depth: 24, heads: 16, mlp: { kind: 'gelu', hidden: 4096 } }),
  // 4096 is two thirds of the nominal 6144, rounded up to a multiple of 8: SwiGLU has three matrices where an MLP has two.
  'g/14': tower({ width: 1536, depth: 40, heads: 24, mlp: { kind: 'swiglu', hidden: 4096 } }),
};

function tower(size: Pick<Dinov2Config, 'width' | 'depth' | 'heads' | 'mlp'>): Dinov2Config {
  return { imageSize: 518, patchSize: 14, ...size, registers: 0, layerScale: 1e-5, maskToken: true, resizing: 'offset' };
}
