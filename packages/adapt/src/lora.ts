import type { Tensor } from '@tensorflow/tfjs-core';
import {
  fanInUniform,
  filled,
  flattenTree,
  initParameters,
  type ParameterShapes,
  type Rng,
  selectPaths,
  type TensorTree,
  unflattenTree,
  VitrailError,
} from '@vitrail/core';
import { requireCount } from './require-count.ts';

/** A third of a packed attention kernel: its queries, keys or values. */
export type LoraPart = 'q' | 'k' | 'v';

/** Which kernels LoRA refines, and how. */
export type LoraConfig = {
  /** r, the rank of what is added. */
  readonly rank: number;
  /** What is added is multiplied by `alpha / rank`; by default alpha is the rank. */
  readonly alpha?: number;
  /** Patterns of `selectPaths`: the kernels `[inputs, outputs]` that are refined. By default those of attention, `**.attn.qkv.kernel`. */
  readonly kernels?: readonly string[];
  /** Which parts of packed kernels (`**.qkv.kernel`) are refined, each by a pair of its own; q and v by default. */
  readonly parts?: readonly LoraPart[];
};

/** Every linear layer of a tower, the patch projection too: `{ rank: 8, ...allLinearLayers }`. */
export const allLinearLayers = { kernels: ['**.kernel'], parts: ['q', 'k', 'v'] } as const satisfies Partial<LoraConfig>;

/**
 * What LoRA trains: two factors per kernel, `a` `[inputs, r]` and `b` `[r, outputs]`, under its path: `lora.blocks.0.mlp.fc1.kernel.a`, and
 * for parts of a packed kernel `lora.blocks.0.attn.qkv.kernel.q.a`.
 */
export type LoraParams = { readonly lora: TensorTree };

/**
 * The shape of every parameter of {@link LoraParams}: `r (inputs + outputs)` numbers per kernel or part.
 *
 * @param shapes of the tower's parameters: `vitShapes(config)`, or of several towers in one tree
 * @throws `invalid-argument` for a configuration that cannot be; `unknown-name` when no kernel is chosen; `shape-mismatch` for a chosen
 *   parameter that is no matrix, or a packed kernel whose outputs are not three equal parts
 * @example countShapes(loraShapes({ rank: 4 }, clipVitShapes(clipVitPresets['B/32']))) // 147456
 */
export function loraShapes(config: LoraConfig, shapes: ParameterShapes): ParameterShapes {
  const pairs = loraTargets('loraShapes', config, shapes).flatMap(({ path, parts, inputs, outputs }) =>
    (parts ?? ['']).flatMap((part) => {
      const at = part ? `lora.${path}.${part}` : `lora.${path}`;
      return [
        [`${at}.a`, [inputs, config.rank]],
        [`${at}.b`, [config.rank, outputs]],
      ];
    }),
  );
  return unflattenTree<readonly number[]>(Object.fromEntries(pairs));
}

/**
 * Fresh factors: `a` Kaiming-uniform as PyTorch's linear layers (within `1 / sqrt(inputs)`), `b` zeros, so that the tower is at first what it was.
 *
 * In the first step `a` has a gradient of exactly zero, because `b` is zero; from the second on both learn.
 *
 * @param params the tower's, or those of several towers in one tree: only shapes are looked at
 * @param rng each factor draws from its own stream, named by its path
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws as {@link loraShapes}
 * @see "LoRA: Low-Rank Adaptation of Large Language Models", Hu et al. 2021 (arXiv 2106.09685), section 4.1; loralib `layers.py`
 * @example initLora({ rank: 4 }, tower, createRng(0)).lora // { blocks: { 0: { attn: { qkv: { kernel: { q: { a, b }, v: { a, b } } } } }, ... } }
 */
export function initLora(config: LoraConfig, params: TensorTree, rng: Rng): LoraParams {
  return initParameters(loraShapes(config, shapesOf(params)), rng, [
    ['**.a', fanInUniform],
    ['**.b', filled(0)],
  ]) as LoraParams;
}

/** A kernel that is refined: as a whole, or `parts` of it, `[inputs, outputs]` each. */
export type LoraTarget = {
  readonly path: string;
  readonly parts?: readonly LoraPart[];
  readonly inputs: number;
  readonly outputs: number;
};

/** The kernels that a configuration chooses. Throws as {@link loraShapes}. */
export function loraTargets(what: string, config: LoraConfig, shapes: ParameterShapes): LoraTarget[] {
  const { rank, alpha = rank, kernels = ['**.attn.qkv.kernel'], parts = ['q', 'v'] } = config;
  requireCount(what, 'rank', rank);
  if (!Number.isFinite(alpha) || alpha === 0) {
    throw new VitrailError(
      'invalid-argument',
      `${what}: alpha is a number other than 0, but ${alpha} came: nothing would be learnt`,
    );
  }
  const chosen = Object.entries(flattenTree(shapes)).filter(([path]) => selectPaths(...kernels)(path));
  if (chosen.length === 0) {
    throw new VitrailError('unknown-name', `${what}: no parameter has a name that matches ${kernels.join(' or ')}`);
  }
  return chosen.map(([path, shape]) => {
    const [inputs, outputs] = shape;
    const packed = selectPaths('**.qkv.kernel')(path);
    if (shape.length !== 2 || (packed && outputs % 3 !== 0)) {
      throw new VitrailError(
        'shape-mismatch',
        `${what}: ${path} is ${packed ? '[inputs, 3 * outputs]' : 'a kernel [inputs, outputs]'}, but it has the shape [${shape.join(', ')}]`,
      );
    }
    if (!packed) return { path, inputs, outputs };
    if (parts.length === 0) {
      throw new VitrailError('invalid-argument', `${what}: parts are some of q, k, v, but none came for ${path}`);
    }
    return { path, parts, inputs, outputs: outputs / 3 };
  });
}

/** The shape of every tensor of a tree. */
export function shapesOf(params: TensorTree): ParameterShapes {
  return unflattenTree<readonly number[]>(
    Object.fromEntries(Object.entries(flattenTree<Tensor>(params)).map(([path, { shape }]) => [path, shape])),
  );
}
