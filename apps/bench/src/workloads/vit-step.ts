import {
  filled,
  flattenTree,
  type Initializer,
  layerNormShapes,
  linearShapes,
  normal,
  type ParameterShapes,
  xavierUniform,
} from '@vitrail/core';
import { blockShapes } from '@vitrail/vit';
import { attentionFlops } from './attention.ts';
import type { Input, Workload } from './workload.ts';

/** Sizes of the vision transformer whose training step is measured. */
export type VitSize = {
  batch: number;
  tokens: number;
  /** Pixels of a patch, three channels counted. */
  patch: number;
  width: number;
  depth: number;
  heads: number;
  /** Width of the MLP. */
  hidden: number;
};

/** 11.7 GFLOP a step. */
export const vitSize: VitSize = { batch: 16, tokens: 64, patch: 192, width: 192, depth: 4, heads: 3, hidden: 768 };

/**
 * One training step of a ViT: forward, backward and AdamW, in float32, at batch 16 with 64 tokens.
 *
 * `patches` `[B, N, P]` go through a linear embedding, get positions added, lose the tokens that are not in `keep` `[B, K]` (if it is
 * there), and go through `depth` pre-norm blocks (attention; MLP with tanh-approximated GELU) and a layer norm, epsilon 1e-6. The loss is
 * the mean squared distance from `target` `[B, K, D]`. AdamW: rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8, decay 0.05 of every parameter.
 * Inputs that begin with `params.` are the parameters, kernels `[inputs, outputs]`.
 *
 * @param options.dropped share of the tokens that is dropped before the first block, as in UTA.
 */
export function vitStep(
  size: VitSize,
  { name, dropped, baseline }: { name: string; dropped: number; baseline?: string },
): Workload {
  const { batch, tokens, patch, width, depth, heads } = size;
  const kept = Math.round(tokens * (1 - dropped));
  const random = normal(1);
  const parameters = Object.entries(flattenTree(parameterShapes(size))).map(([path, shape]): [string, Input] => [
    `params.${path}`,
    { shape, initializer: initializerOf(path) },
  ]);
  return {
    name,
    title: `ViT training step (forward, backward, AdamW), batch ${batch}, ${kept} of ${tokens} tokens, width ${width}, ${depth} layers, ${heads} heads`,
    spec: { kind: 'vit-step', depth, heads },
    inputs: {
      patches: { shape: [batch, tokens, patch], initializer: random },
      target: { shape: [batch, kept, width], initializer: random },
      ...(kept < tokens && { keep: { shape: [batch, kept], initializer: drawKept(tokens) } }),
      ...Object.fromEntries(parameters),
    },
    flops: vitStepFlops(size, kept),
    ...(baseline !== undefined && { baseline }),
  };
}

/** Products only; backward counted as twice forward. The patch embedding sees all tokens, the blocks those that are kept. */
export function vitStepFlops({ batch, tokens, patch, width, depth, hidden }: VitSize, kept: number): number {
  const embedding = 2 * batch * tokens * patch * width;
  const linears = 2 * batch * kept * (4 * width * width + 2 * width * hidden);
  return 3 * (embedding + depth * (linears + attentionFlops(batch, kept, width)));
}

function parameterShapes({ tokens, patch, width, depth, heads, hidden }: VitSize): ParameterShapes {
  const block = blockShapes({ width, heads, mlp: { kind: 'gelu-tanh', hidden } });
  return {
    patchEmbed: linearShapes(patch, width),
    position: [tokens, width],
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, block])),
    norm: layerNormShapes(width),
  };
}

function initializerOf(path: string): Initializer {
  if (path.endsWith('.kernel')) return xavierUniform();
  if (path === 'position') return normal(0.02);
  return filled(path.endsWith('.scale') ? 1 : 0);
}

/** For each sample, distinct tokens in ascending order. */
function drawKept(tokens: number): Initializer {
  return ([batch, kept], rng) =>
    Float32Array.from(
      Array.from({ length: batch }, () => rng.permutation(tokens).slice(0, kept).sort()).flatMap((row) => [...row]),
    );
}
