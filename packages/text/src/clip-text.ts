import { add, argMax, cast, equal, reshape, slice, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { filled, initParameters, layerNormShapes, normal, type ParameterShapes, type Rng } from '@vitrail/core';
import { type LayerNormParams, layerNorm, linear, repeatForBatch, takeTokens } from '@vitrail/ops';
import { applyBlock, type BlockConfig, type BlockParams, blockAt, blockShapes, hookEmbeddings, requireTower } from '@vitrail/vit';
import type { TextOptions } from './apply-text.ts';
import { embedTokens } from './embed-tokens.ts';

/** A text tower of CLIP. */
export type ClipTextConfig = {
  /** Number of blocks. */
  readonly depth: number;
  /** Number of attention heads; divides the width. */
  readonly heads: number;
  /** D, the length of a token. The hidden width of the feed-forward layers is 4D. */
  readonly width: number;
  /** Tokens of the longest text: the length of the position table. */
  readonly maxTokens: number;
  /** V, the number of token ids. */
  readonly vocabularySize: number;
  /** `quick-gelu` for weights of OpenAI, `gelu` for most of OpenCLIP's. */
  readonly activation: 'quick-gelu' | 'gelu';
  /** E, the length of the vectors that images and texts share. */
  readonly embedding: number;
  /** The id at whose first place a text is read. By default it is read at its largest id, as in OpenAI's code. */
  readonly endId?: number;
};

/** Parameters of a text tower of CLIP. */
export type ClipTextParams = {
  /** `[V, D]`. */
  readonly tokenEmbedding: Tensor2D;
  /** `[maxTokens, D]`. */
  readonly position: Tensor2D;
  /** By index, from '0'. */
  readonly blocks: Readonly<Record<string, BlockParams>>;
  /** The last layer norm. */
  readonly norm: LayerNormParams;
  /** `[D, E]`. */
  readonly projection: Tensor2D;
};

/** What a text tower of CLIP gives. Whoever called disposes both. */
export type ClipTextOutputs = {
  /** `[B, E]`, not normalised. */
  readonly pooled: Tensor2D;
  /** Outputs of the last block, `[B, L, D]`, before any norm. */
  readonly tokens: Tensor3D;
};

/** The shape of every parameter of {@link ClipTextParams}. */
export function clipTextShapes(config: ClipTextConfig): ParameterShapes {
  const { width, depth, maxTokens, vocabularySize, embedding } = config;
  return {
    tokenEmbedding: [vocabularySize, width],
    position: [maxTokens, width],
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, blockShapes(clipBlock(config))])),
    norm: layerNormShapes(width),
    projection: [width, embedding],
  };
}

/**
 * A freshly initialised text tower of CLIP, for width D and depth l: embedding N(0, 0.02^2), positions N(0, 0.01^2), packed attention
 * kernels and the projection N(0, 1/D), kernels that end in the residual N(0, 1/(2 l D)), `fc1` N(0, 1/(2D)), biases 0, norm scales 1.
 *
 * As OpenAI's `model.py` (initialize_parameters). Deviation: biases of the MLP are 0 there too, where PyTorch's default draws them.
 *
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for a configuration that cannot be
 * @example initClipText(clipTextPresets['B/32'], createRng(0)).projection.shape // [512, 512]
 */
export function initClipText(config: ClipTextConfig, rng: Rng): ClipTextParams {
  const { width, heads, depth, maxTokens, vocabularySize, embedding } = config;
  requireTower('initClipText', { width, heads, depth, maxTokens, vocabularySize, embedding });
  const residual = normal((2 * depth * width) ** -0.5);
  return initParameters(clipTextShapes(config), rng, [
    ['tokenEmbedding', normal(0.02)],
    ['position', normal(0.01)],
    ['projection', normal(width ** -0.5)],
    ['**.qkv.kernel', normal(width ** -0.5)],
    ['**.fc1.kernel', normal((2 * width) ** -0.5)],
    ['**.kernel', residual],
    ['**.scale', filled(1)],
    ['**.bias', filled(0)],
  ]) as ClipTextParams;
}

/**
 * The text tower of CLIP: embedding and learned positions, pre-norm blocks in which a token sees only those up to itself, and the layer
 * norm and projection of the token that ends the text: the one with the largest id, or with `endId` (the first, if there are several).
 *
 * There is no padding mask: what stands after the end of a text is not seen from it.
 *
 * @param ids `[B, L]`, int32, in `[0, vocabularySize)`; L at most `maxTokens`
 * @throws `shape-mismatch` for texts longer than `maxTokens` or fewer blocks in `params` than the configuration says; `invalid-argument`
 *   for ids that are not int32 or lie outside the vocabulary (not looked at on GPU backends)
 * @see "Learning Transferable Visual Models From Natural Language Supervision", Radford et al. 2021 (arXiv 2103.00020), section 2.4; OpenAI
 *   `model.py` (encode_text). Layer norms have epsilon 1e-5
 * @example applyClipText(clipTextPresets['B/32'], params, ids).pooled.shape // [2, 512] for ids of [2, 77]
 */
export function applyClipText(
  config: ClipTextConfig,
  params: ClipTextParams,
  ids: Tensor2D,
  { onEmbeddings }: TextOptions = {},
): ClipTextOutputs {
  const { depth, width, maxTokens } = config;
  const block = clipBlock(config);
  return tidy(() => {
    const lookedUp = embedTokens('applyClipText', params.tokenEmbedding, ids, maxTokens); // [B, L, D]
    const embedded = hookEmbeddings('applyClipText', onEmbeddings, 'before', lookedUp);
    const [batch, length] = ids.shape;
    const placed: Tensor3D = add(embedded, repeatForBatch(slice(params.position, [0, 0], [length, width]), batch));
    let tokens = hookEmbeddings('applyClipText', onEmbeddings, 'after', placed);
    for (let i = 0; i < depth; i++) {
      tokens = applyBlock(block, blockAt('applyClipText', params.blocks, i, depth), tokens, { causal: true });
    }
    const marks = config.endId === undefined ? ids : cast(equal(ids, config.endId), 'int32');
    const end = takeTokens(tokens, reshape(argMax(marks, 1), [batch, 1])); // [B, 1, D]
    const normed = layerNorm(reshape(end, [batch, width]), params.norm, block.epsilon);
    return { pooled: linear(normed, { kernel: params.projection }) as Tensor2D, tokens };
  });
}

/**
 * The text towers of CLIP, by the image tower that each was trained with: S/32 is OpenCLIP's, the others are OpenAI's. For the weights of
 * LAION and DataComp: `{ ...clipTextPresets['B/32'], activation: 'gelu' }`.
 */
export const clipTextPresets: Readonly<Record<'S/32' | 'B/32' | 'B/16' | 'L/14', ClipTextConfig>> = {
  'S/32': tower({ width: 384, heads: 6, activation: 'gelu', embedding: 384 }),
  'B/32': tower({ width: 512, heads: 8, activation: 'quick-gelu', embedding: 512 }),
  'B/16': tower({ width: 512, heads: 8, activation: 'quick-gelu', embedding: 512 }),
  'L/14': tower({ width: 768, heads: 12, activation: 'quick-gelu', embedding: 768 }),
};

function tower(size: Pick<ClipTextConfig, 'width' | 'heads' | 'activation' | 'embedding'>): ClipTextConfig {
  return { depth: 12, maxTokens: 77, vocabularySize: 49408, ...size };
}

function clipBlock({ width, heads, activation }: ClipTextConfig): BlockConfig {
  return { width, heads, mlp: { kind: activation, hidden: 4 * width }, epsilon: 1e-5 };
}
