import { add, concat, mul, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree, unflattenTree, VitrailError } from '@vitrail/core';
import { linear } from '@vitrail/ops';
import { type LoraConfig, type LoraParams, type LoraTarget, loraShapes, loraTargets, shapesOf } from './lora.ts';

/**
 * Parameters with LoRA in them: every chosen kernel becomes `W + (alpha / r) A B`, so that its layer gives `x W + (alpha / r) x A B`.
 *
 * In training it runs inside the differentiated function, in front of any tower, and gradients go through to the factors. Run once
 * afterwards, it gives the tower to serve, which costs nothing more. The tower without LoRA is `params`, which stays as it was.
 *
 * Deviation: the reference computes `(x A) B` beside `x W`; here the factors are multiplied first, which rounds otherwise and costs each
 * forward pass what r more tokens in the whole batch would.
 *
 * @param params of one tower, or of several in one tree, as for {@link initLora}
 * @returns the tree of the same names: chosen kernels are new tensors, the caller's; all others are those of `params`
 * @throws `shape-mismatch` for factors that the configuration does not want, lacks, or that have other shapes; and as {@link loraShapes}
 * @see "LoRA: Low-Rank Adaptation of Large Language Models", Hu et al. 2021 (arXiv 2106.09685), equation 3 and section 4.1
 * @example applyVit(config, mergeLora({ rank: 4 }, tower, tuned), images).cls.shape // [2, 2, 384]
 */
export function mergeLora<T extends TensorTree>(config: LoraConfig, params: T, { lora }: LoraParams): T {
  const shapes = shapesOf(params);
  const targets = loraTargets('mergeLora', config, shapes);
  const factors = flattenTree<Tensor>({ lora });
  requireSameShapes(flattenTree(loraShapes(config, shapes)), factors);
  const merged = { ...flattenTree<Tensor>(params) };
  for (const target of targets) {
    const kernel = merged[target.path];
    merged[target.path] = tidy(() => add(kernel, addition(target, factors, (config.alpha ?? config.rank) / config.rank)));
  }
  return unflattenTree(merged) as T;
}

/** `(alpha / r) A B` of a whole kernel, `[inputs, outputs]`; of a packed one, zeros where a part is not refined. */
function addition(
  { path, parts, inputs, outputs }: LoraTarget,
  factors: Readonly<Record<string, Tensor>>,
  factor: number,
): Tensor {
  const product = (at: string) => linear(factors[`${at}.a`], { kernel: mul(factors[`${at}.b`], factor) });
  if (!parts) return product(`lora.${path}`);
  const all = (['q', 'k', 'v'] as const).map((part) =>
    parts.includes(part) ? product(`lora.${path}.${part}`) : zeros([inputs, outputs]),
  );
  return concat(all, 1);
}

function requireSameShapes(wanted: Readonly<Record<string, readonly number[]>>, came: Readonly<Record<string, Tensor>>): void {
  const extra = Object.keys(came).find((path) => !Object.hasOwn(wanted, path));
  if (extra !== undefined) {
    throw new VitrailError(
      'shape-mismatch',
      `mergeLora: the configuration does not refine what ${extra} belongs to, but it came`,
    );
  }
  for (const [path, shape] of Object.entries(wanted)) {
    const factor = Object.hasOwn(came, path) ? `[${came[path].shape.join(', ')}]` : 'nothing';
    if (factor === `[${shape.join(', ')}]`) continue;
    throw new VitrailError(
      'shape-mismatch',
      `mergeLora: ${path} is [${shape.join(', ')}], but ${factor} came: use the configuration and the tower that it was trained with`,
    );
  }
}
