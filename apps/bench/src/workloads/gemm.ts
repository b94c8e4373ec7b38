import { type Initializer, normal } from '@vitrail/core';
import type { Workload } from './workload.ts';

/** Rows x inner length x columns of the linear layers of the ViT step, and a square. */
const shapes = [
  [1024, 192, 768],
  [1024, 768, 192],
  [1024, 192, 576],
  [1024, 192, 192],
  [512, 512, 512],
] as const;

/** Samples x heads, tokens and head size of the attention in the ViT step, then of one with four times as many tokens. */
const attentionShapes = [
  [48, 64, 64],
  [12, 256, 64],
] as const;

/**
 * Matrix products: per shape `y = x k` and both of its gradients, `dx = dy k^T` and `dk = x^T dy`; and the two products in attention,
 * `q k^T` and `w v`, per head.
 */
export const gemmWorkloads: readonly Workload[] = [
  ...shapes.flatMap(([n, m, p]) => [
    gemm({ name: 'gemm', title: 'y = x k', a: [n, m], b: [m, p], sizes: [n, m, p] }),
    gemm({ name: 'gemm-dx', title: 'dx = dy k^T', a: [n, p], b: [m, p], transposeB: true, sizes: [n, m, p] }),
    gemm({ name: 'gemm-dk', title: 'dk = x^T dy', a: [n, m], b: [n, p], transposeA: true, sizes: [n, m, p] }),
  ]),
  ...attentionShapes.flatMap(([g, n, d]) => [
    gemm({ name: 'gemm-qk', title: 'q k^T', a: [g, n, d], b: [g, n, d], transposeB: true, sizes: [g, n, d, n] }),
    gemm({ name: 'gemm-wv', title: 'w v', a: [g, n, n], b: [g, n, d], sizes: [g, n, n, d] }),
  ]),
];

/** A product of two normal matrices. `sizes` are those of `y = x k`, whichever of the three products it is: all cost the same. */
export function gemm({
  name,
  title,
  a,
  b,
  transposeA = false,
  transposeB = false,
  sizes,
}: {
  name: string;
  title: string;
  a: readonly number[];
  b: readonly number[];
  transposeA?: boolean;
  transposeB?: boolean;
  sizes: readonly number[];
}): Workload {
  const fill: Initializer = normal(1);
  return {
    name: `${name}/${sizes.join('x')}`,
    title: `${title}, ${sizes.join(' x ')}`,
    spec: { kind: 'gemm', transposeA, transposeB },
    inputs: { a: { shape: a, initializer: fill }, b: { shape: b, initializer: fill } },
    flops: 2 * sizes.reduce((product, size) => product * size, 1),
  };
}
