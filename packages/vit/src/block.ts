import { add, expandDims, mul, split, type Tensor, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  filled,
  type InitializationRule,
  initParameters,
  layerNormShapes,
  linearShapes,
  type ParameterShapes,
  type Rng,
  VitrailError,
  xavierUniform,
} from '@vitrail/core';
import {
  type Activation,
  attention,
  type LayerNormParams,
  type LinearParams,
  layerNorm,
  linear,
  residualLinear,
  swiglu,
} from '@vitrail/ops';
import { requireTower } from './require-tower.ts';

/** What a transformer block is made of. Every tower's configuration is one, with more to it. */
export type BlockConfig = {
  /** D, the length of a token. */
  readonly width: number;
  /** Number of attention heads; divides the width. */
  readonly heads: number;
  /** The feed-forward layer: its activation, or `swiglu`, and its hidden width. */
  readonly mlp: { readonly kind: Activation | 'swiglu'; readonly hidden: number };
  /** What LayerScale starts with; by default there is none. */
  readonly layerScale?: number;
  /** Added to variances in layer norms; 1e-6 by default. */
  readonly epsilon?: number;
};

/** Parameters of a block. Kernels are `[inputs, outputs]`. */
export type BlockParams = {
  readonly norm1: LayerNormParams;
  readonly attn: {
    /** `[D, 3D]`: all queries, then all keys, then all values, each heads-major. */
    readonly qkv: LinearParams;
    readonly proj: LinearParams;
  };
  readonly norm2: LayerNormParams;
  readonly mlp: MlpParams;
  /** LayerScale of what attention adds, `[D]`, if the configuration asks for it. */
  readonly ls1?: Tensor;
  /** LayerScale of what the MLP adds, `[D]`. */
  readonly ls2?: Tensor;
};

/** `fc1` and `fc2` of a plain MLP; `w12` (gate, then value, `[D, 2 * hidden]`) and `w3` of SwiGLU. The names are DINOv2's. */
export type MlpParams =
  | { readonly fc1: LinearParams; readonly fc2: LinearParams }
  | { readonly w12: LinearParams; readonly w3: LinearParams };

/** How {@link applyBlock} runs. */
export type BlockOptions = {
  /** `[B, N]`, 1 for a token, 0 for padding: padding is not attended to and its feed-forward output is zero. No padding by default. */
  readonly keyMask?: Tensor2D;
  /** Whether a token sees only the tokens up to itself. */
  readonly causal?: boolean;
};

/** Shapes of a block's parameters. */
export function blockShapes({ width, layerScale, mlp: { kind, hidden } }: BlockConfig): ParameterShapes {
  return {
    norm1: layerNormShapes(width),
    attn: { qkv: linearShapes(width, 3 * width), proj: linearShapes(width, width) },
    norm2: layerNormShapes(width),
    mlp:
      kind === 'swiglu'
        ? { w12: linearShapes(width, 2 * hidden), w3: linearShapes(hidden, width) }
        : { fc1: linearShapes(width, hidden), fc2: linearShapes(hidden, width) },
    ...(layerScale !== undefined && { ls1: [width], ls2: [width] }),
  };
}

/**
 * Kernels Xavier-uniform, biases 0, norm scales 1: TIPS (scenic `models/vit.py`).
 *
 * Deviations: queries, keys and values are one kernel `[D, 3D]` (three there), and biases of the MLP are 0 (N(0, 1e-12) there). The PyTorch
 * port fills kernels with N(0, 0.02^2) at every width, after DINOv2: right at width 2,500, too little for towers a tenth as wide.
 */
export const tipsInitialization: InitializationRule = [
  ['**.kernel', xavierUniform()],
  ['**.scale', filled(1)],
  ['**.bias', filled(0)],
];

/**
 * The parameters of one block, filled as in TIPS: {@link tipsInitialization}. In a tower, block `i` is
 * `initBlock(config, rng.fork('blocks', i))`.
 *
 * @returns the tree, the caller's
 * @throws `invalid-argument` for lengths that are not whole numbers of at least 1, or heads that do not divide the width
 * @example initBlock({ width: 8, heads: 2, mlp: { kind: 'gelu', hidden: 32 } }, createRng(0)).attn.qkv.kernel.shape // [8, 24]
 */
export function initBlock(config: BlockConfig, rng: Rng): BlockParams {
  const { width, heads, mlp } = config;
  requireTower('initBlock', { width, heads, 'mlp.hidden': mlp.hidden });
  const rule: InitializationRule = [['ls*', filled(config.layerScale ?? 1)], ...tipsInitialization];
  return initParameters(blockShapes(config), rng, rule) as BlockParams;
}

/**
 * A pre-norm transformer block: `x' = x + ls1 * Attention(LN1(x))`, `y = x' + ls2 * MLP(LN2(x'))`.
 *
 * The MLP is `fc2(activation(fc1(x)))`, or for SwiGLU `w3(silu(g) * v)` with `(g, v)` the halves of `w12(x)`. Blocks without `ls1` and `ls2`
 * scale by 1, as TIPS (scenic; its PyTorch port has LayerScale of 1). No dropout.
 *
 * @param x `[B, N, D]`
 * @returns `[B, N, D]`, the caller's
 * @throws `shape-mismatch` when tokens and parameters do not fit together
 * @see "An Image is Worth 16x16 Words", Dosovitskiy et al. 2021 (arXiv 2010.11929), eq. 2-3; "TIPS", arXiv 2410.16512 (scenic
 *   `models/vit.py`). The TIPS text tower zeroes padding before `fc2` as well as after it; the second alone gives the same numbers
 * @example applyBlock(config, params, ones([2, 5, 8])).shape // [2, 5, 8]
 */
export function applyBlock(config: BlockConfig, params: BlockParams, x: Tensor3D, options: BlockOptions = {}): Tensor3D {
  const { heads, epsilon } = config;
  return tidy(() => {
    const qkv = linear(layerNorm(x, params.norm1, epsilon), params.attn.qkv) as Tensor3D; // [B, N, 3D]
    const mixed = attention(qkv, { heads, ...options });
    const attended = residualLinear(mixed, scaledLayer(params.attn.proj, params.ls1), x) as Tensor3D; // [B, N, D]
    const { hidden, output } = hiddenOfMlp(config, params, attended);
    if (!options.keyMask) return residualLinear(hidden, output, attended) as Tensor3D;
    return add(attended, mul(linear(hidden, output), expandDims(options.keyMask, 2)));
  });
}

/** The parameters of the second half of a block. */
type MlpHalf = Pick<BlockParams, 'norm2' | 'mlp' | 'ls2'>;

/** The second half of a block without its residual: `ls2 * MLP(LN2(x))`, `[B, N, D] -> [B, N, D]`. */
export function applyMlp(config: BlockConfig, params: MlpHalf, x: Tensor): Tensor {
  const { hidden, output } = hiddenOfMlp(config, params, x);
  return linear(hidden, output);
}

/**
 * A linear layer whose outputs LayerScale multiplies, as a linear layer: `(x W + b) * s = x (W * s) + b * s`. The scale goes over the kernel
 * instead of over every token, and the residual stays part of the product.
 *
 * @see "Going deeper with Image Transformers", Touvron et al. 2021 (arXiv 2103.17239), eq. 1
 */
export function scaledLayer(layer: LinearParams, scale?: Tensor): LinearParams {
  if (!scale) return layer;
  return { kernel: mul(layer.kernel, scale), ...(layer.bias && { bias: mul(layer.bias, scale) }) };
}

/** What goes into the last layer of the MLP, `[B, N, hidden]`, and that layer. */
function hiddenOfMlp(config: BlockConfig, { norm2, mlp, ls2 }: MlpHalf, x: Tensor): { hidden: Tensor; output: LinearParams } {
  const { kind } = config.mlp;
  const normed = layerNorm(x, norm2, config.epsilon);
  if (kind === 'swiglu') {
    if (!('w12' in mlp)) throw wrongMlp('w12 and w3 (SwiGLU)', mlp);
    const [gate, value] = split(linear(normed, mlp.w12), 2, -1); // [B, N, hidden] each
    return { hidden: swiglu(gate, value), output: scaledLayer(mlp.w3, ls2) };
  }
  if (!('fc1' in mlp)) throw wrongMlp('fc1 and fc2', mlp);
  return { hidden: linear(normed, mlp.fc1, kind), output: scaledLayer(mlp.fc2, ls2) };
}

function wrongMlp(expected: string, mlp: object): VitrailError {
  return new VitrailError(
    'shape-mismatch',
    `applyBlock: the configuration wants an MLP of ${expected}, but the parameters hold ${Object.keys(mlp).join(' and ')}`,
  );
}
