import { add, cast, concat, mul, reshape, slice, sub, type Tensor, tensor2d, transpose } from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';
import { MASKED } from './passes.ts';
import type { Products } from './products.ts';
import { type Rotary, rotate, rotateBack } from './rotary.ts';

/** What decides which keys a query sees. */
type Constants = { keyMask: Tensor | undefined; cos: Tensor | undefined; sin: Tensor | undefined };
type Attributes = { heads: number; causal: boolean };

/** The composition of `@vitrail/ops`, with products that read keys and values as they lie. */
export const attention = defineKernel<{ qkv: Tensor } & Constants, Attributes>(
  'VitrailAttention',
  (inputs, attributes, { products, passes }) => {
    const { q, k, v } = unpack(inputs.qkv, inputs, attributes, products);
    const [weights, logSumExp] = passes.softmax(scores(q, k, inputs, attributes, products)) as [Tensor, Tensor];
    return [joinHeads(products.batchMatMul(weights, v)), logSumExp];
  },
);

/** `dP = dy v^T`, `dS = P * (dP - sum(P * dP))` with `P = exp(S - logSumExp)`. */
export const attentionGrad = defineKernel<{ dy: Tensor; qkv: Tensor; logSumExp: Tensor } & Constants, Attributes>(
  'VitrailAttentionGrad',
  (inputs, attributes, { products, passes }) => {
    const { dy, qkv, logSumExp } = inputs;
    const { q, k, v } = unpack(qkv, inputs, attributes, products);
    const dOut = splitHeads(dy, attributes.heads);
    const s = scores(q, k, inputs, attributes, products);
    const dWeights = products.batchMatMul(dOut, v, { b: true }); // [H, B, N, N]
    const [weights, dScores] = passes.softmaxGrad(s, logSumExp, dWeights) as [Tensor, Tensor];
    const dScaled = products.batchMatMul(dScores, k);
    const dKey = products.batchMatMul(dScores, q, { a: true });
    const rotary = rotaryOf(inputs);
    const dQuery = mul(rotary ? rotateBack(dScaled, rotary, products) : dScaled, scaleOf(q));
    const dValue = products.batchMatMul(weights, dOut, { a: true });
    return [joinHeads(concat([dQuery, rotary ? rotateBack(dKey, rotary, products) : dKey, dValue], 0))];
  },
);

/** Queries (divided by `sqrt(headSize)` and rotated), keys (rotated) and values, `[heads, B, N, headSize]` each. */
function unpack(qkv: Tensor, constants: Constants, { heads }: Attributes, ops: Products): Record<'q' | 'k' | 'v', Tensor> {
  const packed = splitHeads(qkv, 3 * heads);
  const [, batch, tokens, headSize] = packed.shape;
  // Slices of the first axis share the memory of what they are taken from.
  const [q, k, v] = [0, 1, 2].map((part) => slice(packed, [part * heads, 0, 0, 0], [heads, batch, tokens, headSize]));
  const rotary = rotaryOf(constants);
  const scaled = mul(q, scaleOf(q));
  return rotary ? { q: rotate(scaled, rotary, ops), k: rotate(k, rotary, ops), v } : { q: scaled, k, v };
}

function rotaryOf({ cos, sin }: Constants): Rotary | undefined {
  return cos && sin ? { cos, sin } : undefined;
}

function scaleOf(q: Tensor): number {
  return 1 / Math.sqrt(q.shape[q.rank - 1]);
}

/** `[heads, B, N, N]`, masked. */
function scores(q: Tensor, k: Tensor, { keyMask }: Constants, { causal }: Attributes, ops: Products): Tensor {
  const [, batch, tokens] = q.shape;
  let s = ops.batchMatMul(q, k, { b: true });
  if (keyMask) s = add(s, reshape(mul(sub(1, cast(keyMask, 'float32')), MASKED), [1, batch, 1, tokens]));
  if (causal) s = add(s, futureMask(tokens));
  return s;
}

/** `[N, N]`: {@link MASKED} right of the diagonal. */
function futureMask(tokens: number): Tensor {
  const values = new Float32Array(tokens * tokens);
  for (let query = 0; query < tokens; query++) values.fill(MASKED, query * tokens + query + 1, (query + 1) * tokens);
  return tensor2d(values, [tokens, tokens]);
}

/** `[B, N, heads * headSize]` as `[heads, B, N, headSize]`. */
function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, tokens, width] = x.shape;
  return transpose(reshape(x, [batch, tokens, heads, width / heads]), [2, 0, 1, 3]);
}

/** The inverse of {@link splitHeads}. */
function joinHeads(x: Tensor): Tensor {
  const [heads, batch, tokens, headSize] = x.shape;
  return reshape(transpose(x, [1, 2, 0, 3]), [batch, tokens, heads * headSize]);
}
