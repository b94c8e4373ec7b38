import { normal } from '@vitrail/core';
import type { Workload } from './workload.ts';

/** Layer norm of `x` `[rows, width]` forward and backward: gradients of x, scale and bias given `dy`. Bound by memory: no flops counted. */
export function layerNorm({ rows, width }: Record<'rows' | 'width', number>): Workload {
  const matrix = { shape: [rows, width], initializer: normal(1) };
  const vector = { shape: [width], initializer: normal(1) };
  return {
    name: `layer-norm/${rows}x${width}`,
    title: `layer norm forward and backward, ${rows} x ${width}`,
    spec: { kind: 'layer-norm' },
    inputs: { x: matrix, dy: matrix, scale: vector, bias: vector },
  };
}
