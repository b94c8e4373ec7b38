import { add, reshape, slice, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  filled,
  initParameters,
  layerNormShapes,
  linearShapes,
  normal,
  type ParameterShapes,
  type Rng,
  xavierUniform,
} from '@vitrail/core';
import { type LayerNormParams, type LinearParams, layerNorm, linear, repeatForBatch } from '@vitrail/ops';
import { applyBlock, type BlockParams, blockAt, blockShapes, requireTower } from '@vitrail/vit';
import { embedTokens } from './embed-tokens.ts';

/** A text tower of SigLIP or SigLIP 2. */
export type SiglipTextConfig = {
  /** Number of blocks. */
  readonly depth: number;
  /** Number of attention heads; divides the width. */
  readonly heads: number;
  /** D, the length of a token. */
  readonly width: number;
  /** The feed-forward layer: its activation and hidden width. `gelu-tanh` in all released weights. */
  readonly mlp: { readonly kind: 'gelu-tanh' | 'gelu'; readonly hidden: number };
  /** Tokens of a text, padding included: the length of the position table. */
  readonly maxTokens: number;
  /** V, the number of token ids: 32,000 in SigLIP, 256,000 in SigLIP 2. */
  readonly vocabularySize: number;
  /** E, the width of the image tower. */
  readonly embedding: number;
};

/** Parameters of a text tower of SigLIP. */
export type SiglipTextParams = {
  /** `[V, D]`. */
  readonly tokenEmbedding: Tensor2D;
  /** `[maxTokens, D]`. */
  readonly position: Tensor2D;
  /** By index, from '0'. */
  readonly blocks: Readonly<Record<string, BlockParams>>;
  /** The last layer norm. */
  readonly norm: LayerNormParams;
  /** `kernel` `[D, E]`, `bias` `[E]`. */
  readonly head: LinearParams;
};

/** What a text tower of SigLIP gives. Whoever called disposes both. */
export type SiglipTextOutputs = {
  /** `[B, E]`, not normalised: what is compared with images. */
  readonly pooled: Tensor2D;
  /** `[B, L, D]`, after the last layer norm. */
  readonly tokens: Tensor3D;
};

/** The shape of every parameter of {@link SiglipTextParams}. */
export function siglipTextShapes(config: SiglipTextConfig): ParameterShapes {
  const { width, depth, maxTokens, vocabularySize, embedding } = config;
  return {
    tokenEmbedding: [vocabularySize, width],
    position: [maxTokens, width],
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, blockShapes(config)])),
    norm: layerNormShapes(width),
    head: linearShapes(width, embedding),
  };
}

/**
 * A freshly initialised text tower of SigLIP: embedding N(0, 1/D), positions N(0, 1/D), kernels Xavier-uniform (queries, keys and values each as a
 * kernel of its own), biases of feed-forward layers N(0, 1e-12), other biases 0, norm scales 1.
 *
 * As big_vision `models/proj/image_text/text_transformer.py`. Deviation: the head is normal there, with variance 1/D (Flax' default).
 *
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for a configuration that cannot be
 * @example initSiglipText(siglipTextPresets['B/16'], createRng(0)).head.kernel.shape // [768, 768]
 */
export function initSiglipText(config: SiglipTextConfig, rng: Rng): SiglipTextParams {
  const { width, heads, depth, mlp, maxTokens, vocabularySize, embedding } = config;
  const counts = { depth, 'mlp.hidden': mlp.hidden, maxTokens, vocabularySize, embedding };
  requireTower('initSiglipText', { width, heads, ...counts });
  const narrow = normal(width ** -0.5);
  return initParameters(siglipTextShapes(config), rng, [
    ['tokenEmbedding', narrow],
    ['position', narrow],
    ['**.qkv.kernel', xavierUniform({ parts: 3 })],
    ['**.kernel', xavierUniform()],
    ['**.mlp.*.bias', normal(1e-6)],
    ['**.scale', filled(1)],
    ['**.bias', filled(0)],
  ]) as SiglipTextParams;
}

/**
 * The text tower of SigLIP and SigLIP 2: embedding and learned positions, pre-norm blocks in which every token sees every token, a layer norm, and
 * the last token through a linear layer.
 *
 * There is no padding mask: SigLIP was trained on texts that padding fills up to `maxTokens`, and the last token, which is read, is padding in
 * most. Shorter rows of ids are another text to it.
 *
 * @param ids `[B, L]`, int32, in `[0, vocabularySize)`; L at most `maxTokens`
 * @throws `shape-mismatch` for texts longer than `maxTokens` or fewer blocks in `params` than the configuration says; `invalid-argument`
 *   for ids that are not int32 or lie outside the vocabulary (not looked at on GPU backends)
 * @see "Sigmoid Loss for Language Image Pre-Training", Zhai et al. 2023 (arXiv 2303.15343); code: big_vision
 *   `models/proj/image_text/text_transformer.py` with `pool_type='last'`. Layer norms have epsilon 1e-6
 * @example applySiglipText(siglipTextPresets['B/16'], params, ids).pooled.shape // [2, 768] for ids of [2, 64]
 */
export function applySiglipText(config: SiglipTextConfig, params: SiglipTextParams, ids: Tensor2D): SiglipTextOutputs {
  const { depth, width, maxTokens } = config;
  return tidy(() => {
    const embedded = embedTokens('applySiglipText', params.tokenEmbedding, ids, maxTokens); // [B, L, D]
    const [batch, length] = ids.shape;
    let x: Tensor3D = add(embedded, repeatForBatch(slice(params.position, [0, 0], [length, width]), batch));
    for (let i = 0; i < depth; i++) x = applyBlock(config, blockAt('applySiglipText', params.blocks, i, depth), x);
    const tokens = layerNorm(x, params.norm) as Tensor3D;
    const last = reshape(slice(tokens, [0, length - 1, 0], [batch, 1, width]), [batch, width]);
    return { pooled: linear(last, params.head) as Tensor2D, tokens };
  });
}

/**
 * The text towers of SigLIP, by the image tower that each was trained with. Those of SigLIP 2: `{ ..., vocabularySize: 256000 }`. That of
 * So400m/14 at 224 pixels takes texts of 16 tokens.
 */
export const siglipTextPresets: Readonly<Record<'B/16' | 'L/16' | 'So400m/14', SiglipTextConfig>> = {
  'B/16': tower({ width: 768, depth: 12, heads: 12 }, 3072),
  'L/16': tower({ width: 1024, depth: 24, heads: 16 }, 4096),
  'So400m/14': tower({ width: 1152, depth: 27, heads: 16 }, 4304),
};

function tower(size: Pick<SiglipTextConfig, 'width' | 'depth' | 'heads'>, hidden: number): SiglipTextConfig {
  return { ...size, mlp: { kind: 'gelu-tanh', hidden }, maxTokens: 64, vocabularySize: 32000, embedding: size.width };
}
