import {
  add,
  matMul,
  mul,
  reshape,
  slice,
  softmax,
  split,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import {
  type Initializer,
  layerNormShapes,
  linearShapes,
  type ParameterShapes,
  requireShape,
  xavierUniform,
} from '@vitrail/core';
import { type LayerNormParams, type LinearParams, linear } from '@vitrail/ops';
import { applyMlp, type BlockConfig, blockShapes, type MlpParams } from './block.ts';

/** Parameters of an attention pooling head. */
export type AttentionPoolParams = {
  /** `[D]`: the learned token whose query asks. */
  readonly probe: Tensor;
  readonly attn: {
    /** `[D, 3D]`, packed as in a block; its queries are only ever asked by the probe. */
    readonly qkv: LinearParams;
    readonly proj: LinearParams;
  };
  readonly norm: LayerNormParams;
  readonly mlp: MlpParams;
};

/** The shape of every parameter of {@link AttentionPoolParams}. */
export function attentionPoolShapes(config: BlockConfig): ParameterShapes {
  const { width } = config;
  return {
    probe: [width],
    attn: { qkv: linearShapes(width, 3 * width), proj: linearShapes(width, width) },
    norm: layerNormShapes(width),
    mlp: blockShapes(config).mlp,
  };
}

/** How the probe starts: Xavier-uniform as a kernel `[1, D]`. */
export const probeInitializer: Initializer = (shape, rng) => xavierUniform()([1, ...shape], rng);

/**
 * Multi-head attention pooling: one learned probe attends to all tokens, `a = Attention(probe, x, x)`, `y = a + MLP(LN(a))`.
 *
 * The probe's query is the same for all samples, so the scores of all heads are one product of the keys with it, `[D, heads]`.
 *
 * @param x `[B, N, D]`
 * @returns `[B, D]`, the caller's
 * @throws `shape-mismatch` when tokens and parameters do not fit together
 * @see "Scaling Vision Transformers", Zhai et al. 2022 (arXiv 2106.04560), section 2.2; "Set Transformer", Lee et al. 2019 (arXiv 1810.00825),
 *   section 3.2; code: big_vision `models/vit.py` (MAPHead)
 * @example applyAttentionPool(config, params, ones([2, 5, 8])).shape // [2, 8]
 */
export function applyAttentionPool(config: BlockConfig, params: AttentionPoolParams, x: Tensor3D): Tensor2D {
  const { width, heads } = config;
  requireShape('applyAttentionPool', 'x', x, ['B', 'N', width]);
  const [batch, tokens] = x.shape;
  const headSize = width / heads;
  return tidy(() => {
    const query = linear(reshape(params.probe, [1, width]), columnsOf(params.attn.qkv, 0, width)); // [1, D]
    const [keys, values] = split(linear(x, columnsOf(params.attn.qkv, width, 2 * width)), 2, -1); // [B, N, D] each
    const scaled = mul(reshape(query, [width, 1]), 1 / Math.sqrt(headSize));
    const scores = linear(keys, { kernel: mul(scaled, headOf(width, heads)) }); // [B, N, heads]
    const weights = softmax(transpose(scores, [0, 2, 1])); // [B, heads, N]
    const byHead = transpose(reshape(values, [batch, tokens, heads, headSize]), [0, 2, 1, 3]);
    const pooled = matMul(
      reshape(weights, [batch * heads, 1, tokens]) as Tensor3D,
      reshape(byHead, [batch * heads, tokens, headSize]) as Tensor3D,
    );
    const attended = linear(reshape(pooled, [batch, width]), params.attn.proj); // [B, D]
    return add(attended, applyMlp(config, { norm2: params.norm, mlp: params.mlp }, attended)) as Tensor2D;
  });
}

/** `count` outputs of a linear layer, from the output `from` on. */
function columnsOf({ kernel, bias }: LinearParams, from: number, count: number): LinearParams {
  return {
    kernel: slice(kernel, [0, from], [kernel.shape[0], count]),
    ...(bias && { bias: slice(bias, [from], [count]) }),
  };
}

/** `[D, heads]`: 1 where a component belongs to a head. */
function headOf(width: number, heads: number): Tensor2D {
  const headSize = width / heads;
  const values = Float32Array.from({ length: width * heads }, (_, i) => (Math.floor(i / heads / headSize) === i % heads ? 1 : 0));
  return tensor2d(values, [width, heads]);
}
