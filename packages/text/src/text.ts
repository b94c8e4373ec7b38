import type { Tensor2D } from '@tensorflow/tfjs-core';
import {
  countShapes,
  filled,
  initParameters,
  layerNormShapes,
  normal,
  type ParameterShapes,
  type Rng,
  VitrailError,
  xavierUniform,
} from '@vitrail/core';
import type { LayerNormParams } from '@vitrail/ops';
import { type BlockConfig, type BlockParams, blockShapes, requireTower } from '@vitrail/vit';

/** A text tower of TIPS. */
export type TextConfig = {
  /** Number of blocks. */
  readonly depth: number;
  /** Number of attention heads; divides the width. */
  readonly heads: number;
  /** D, the length of a token; even, and the width of the image tower that it is trained with. */
  readonly width: number;
  /** Hidden width of the feed-forward layers. */
  readonly mlpHidden: number;
  /** Tokens of the longest text. */
  readonly maxTokens: number;
  /** V, the number of token ids. */
  readonly vocabularySize: number;
  /** Added to variances in layer norms; 1e-6 by default, as in scenic (PyTorch port of TIPS: 1e-5). */
  readonly epsilon?: number;
};

/** Parameters of a text tower of TIPS. */
export type TextParams = {
  /** `[V, D]`. */
  readonly tokenEmbedding: Tensor2D;
  /** By index, from '0'. */
  readonly blocks: Readonly<Record<string, BlockParams>>;
  /** The last layer norm. */
  readonly norm: LayerNormParams;
};

/** The shape of every parameter of {@link TextParams}: what {@link initText} makes and {@link textParameterCount} counts. */
export function textShapes(config: TextConfig): ParameterShapes {
  const { depth, width, vocabularySize } = config;
  return {
    tokenEmbedding: [vocabularySize, width],
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, blockShapes(textBlock(config))])),
    norm: layerNormShapes(width),
  };
}

/**
 * The number of parameters of a text tower, counted from shapes alone: nothing is allocated.
 *
 * @example textParameterCount(textPresets.B) // 109632000
 */
export function textParameterCount(config: TextConfig): number {
  return countShapes(textShapes(config));
}

/**
 * A freshly initialised text tower: embedding N(0, 1/D), so that embeddings scaled by `sqrt(D)` have unit variance; kernels Xavier-uniform
 * (queries, keys and values each as a kernel of its own); biases of the feed-forward layers N(0, 1e-12), other biases 0, norm scales 1.
 *
 * As scenic's `models/text.py` and the Flax layers in it. TIPS' PyTorch port has no initialisation of its own for text.
 *
 * @param rng each parameter draws from its own stream, named by its path
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for a configuration that cannot be: an odd width among others
 * @see "TIPS", arXiv 2410.16512
 * @example initText(textPresets.S, createRng(0)).tokenEmbedding.shape // [32000, 384]
 */
export function initText(config: TextConfig, rng: Rng): TextParams {
  const { width, heads, depth, mlpHidden, maxTokens, vocabularySize } = config;
  requireTower('initText', { width, heads, depth, mlpHidden, maxTokens, vocabularySize });
  if (width % 2 !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `initText: width must be even (positions are pairs of sine and cosine), but ${width} came`,
    );
  }
  return initParameters(textShapes(config), rng, [
    ['tokenEmbedding', normal(width ** -0.5)],
    ['**.qkv.kernel', xavierUniform({ parts: 3 })],
    ['**.kernel', xavierUniform()],
    ['blocks.*.mlp.*.bias', normal(1e-6)],
    ['**.scale', filled(1)],
    ['**.bias', filled(0)],
  ]) as TextParams;
}

/** The blocks of a text tower: a plain MLP with ReLU. */
export function textBlock({ width, heads, mlpHidden, epsilon }: TextConfig): BlockConfig {
  return { width, heads, mlp: { kind: 'relu', hidden: mlpHidden }, epsilon };
}
