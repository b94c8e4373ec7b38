import { concat, split, type Tensor, type Tensor3D, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { layerNormShapes, linearShapes, type ParameterShapes, VitrailError } from '@vitrail/core';
import {
  attention,
  type LayerNormParams,
  type LinearParams,
  layerNorm,
  linear,
  type Rotary,
  residualLinear,
  swiglu,
} from '@vitrail/ops';

/** What a block of EVA-01, EVA-02 and UTA is made of. */
export type EvaBlockConfig = {
  /** D, the length of a token. */
  readonly width: number;
  /** Number of attention heads; divides the width, by a multiple of 4 where there are rotary positions. */
  readonly heads: number;
  /** The feed-forward layer: `swiglu` in EVA-02 and UTA, `gelu` in EVA-01, and its hidden width. */
  readonly mlp: { readonly kind: 'swiglu' | 'gelu'; readonly hidden: number };
  /** Whether a layer norm stands before the last layer of the feed-forward layer (sub-LN): UTA and EVA-02 from B up. */
  readonly ffnNorm: boolean;
  /** Whether a layer norm stands before the output projection of the attention: EVA-02-CLIP alone. */
  readonly innerNorm?: boolean;
  /** Added to variances in layer norms; 1e-6 by default. */
  readonly epsilon?: number;
};

/** Parameters of a block. Kernels are `[inputs, outputs]`. */
export type EvaBlockParams = {
  readonly norm1: LayerNormParams;
  readonly attn: {
    /** `kernel` `[D, 3D]`: all queries, then all keys, then all values, each heads-major. Keys have no bias. */
    readonly qkv: { readonly kernel: Tensor };
    /** `bias` `[D]`. */
    readonly query: { readonly bias: Tensor };
    /** `bias` `[D]`. */
    readonly value: { readonly bias: Tensor };
    /** `[D]`, if the configuration asks for it. */
    readonly norm?: LayerNormParams;
    readonly proj: LinearParams;
  };
  readonly norm2: LayerNormParams;
  readonly mlp: EvaMlpParams;
};

/** `w12` (gate, then value, `[D, 2 * hidden]`) and `w3` of SwiGLU, `fc1` and `fc2` of a plain MLP; between them `norm` `[hidden]`. */
export type EvaMlpParams = { readonly norm?: LayerNormParams } & (
  | { readonly w12: LinearParams; readonly w3: LinearParams }
  | { readonly fc1: LinearParams; readonly fc2: LinearParams }
);

/** Shapes of a block's parameters. */
export function evaBlockShapes({ width, mlp: { kind, hidden }, ffnNorm, innerNorm }: EvaBlockConfig): ParameterShapes {
  return {
    norm1: layerNormShapes(width),
    attn: {
      qkv: { kernel: [width, 3 * width] },
      query: { bias: [width] },
      value: { bias: [width] },
      ...(innerNorm && { norm: layerNormShapes(width) }),
      proj: linearShapes(width, width),
    },
    norm2: layerNormShapes(width),
    mlp: {
      ...(kind === 'swiglu' ? { w12: linearShapes(width, 2 * hidden) } : { fc1: linearShapes(width, hidden) }),
      ...(ffnNorm && { norm: layerNormShapes(hidden) }),
      ...(kind === 'swiglu' ? { w3: linearShapes(hidden, width) } : { fc2: linearShapes(hidden, width) }),
    },
  };
}

/**
 * A block of EVA: `x' = x + proj(norm(Attention(LN1(x))))`, `y = x' + w3(norm(silu(g) * v))` with `(g, v)` the halves of
 * `w12(LN2(x'))`, or `y = x' + fc2(norm(gelu(fc1(LN2(x')))))`. Both inner norms are optional. Queries and keys are turned by
 * their positions.
 *
 * @param x `[B, N, D]`
 * @param rotary tables for all N tokens: {@link evaRotary}; none in EVA-01
 * @returns `[B, N, D]`, the caller's
 * @throws `shape-mismatch` when tokens, tables and parameters do not fit together
 * @see "EVA-02", Fang et al. 2023 (arXiv 2303.11331), section 2.1; jihaonew/UTA `eva_vit.py` (Block, Attention, SwiGLU). No
 *   dropout and no LayerScale
 * @example applyEvaBlock(config, params, ones([2, 5, 8])).shape // [2, 5, 8]
 */
export function applyEvaBlock(config: EvaBlockConfig, params: EvaBlockParams, x: Tensor3D, rotary?: Rotary): Tensor3D {
  const { heads, epsilon } = config;
  const { qkv, query, value, norm, proj } = params.attn;
  return tidy(() => {
    const bias = concat([query.bias, zerosLike(query.bias), value.bias]);
    const packed = linear(layerNorm(x, params.norm1, epsilon), { kernel: qkv.kernel, bias }) as Tensor3D; // [B, N, 3D]
    const mixed = attention(packed, { heads, rotary });
    const attended = residualLinear(norm ? layerNorm(mixed, norm, epsilon) : mixed, proj, x) as Tensor3D; // [B, N, D]
    const { hidden, output } = hiddenOfMlp(config, params.mlp, layerNorm(attended, params.norm2, epsilon));
    const normed = params.mlp.norm ? layerNorm(hidden, params.mlp.norm, epsilon) : hidden;
    return residualLinear(normed, output, attended) as Tensor3D;
  });
}

/** What goes into the last layer of the MLP but for its norm, `[B, N, hidden]`, and that layer. */
function hiddenOfMlp({ mlp: { kind } }: EvaBlockConfig, mlp: EvaMlpParams, x: Tensor): { hidden: Tensor; output: LinearParams } {
  if (kind === 'swiglu' && 'w12' in mlp) {
    const [gate, value] = split(linear(x, mlp.w12), 2, -1); // [B, N, hidden] each
    return { hidden: swiglu(gate, value), output: mlp.w3 };
  }
  if (kind === 'gelu' && 'fc1' in mlp) return { hidden: linear(x, mlp.fc1, 'gelu'), output: mlp.fc2 };
  throw new VitrailError(
    'shape-mismatch',
    `applyEvaBlock: the configuration wants an MLP of kind ${kind}, but the parameters hold ${Object.keys(mlp).join(' and ')}`,
  );
}
