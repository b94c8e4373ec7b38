import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Attribute, NodeBackend } from './node-backend.ts';

/** Which operands of a product are stored with their last two axes swapped. */
type Transposed = { readonly a?: boolean; readonly b?: boolean };

/** TensorFlow's ops for products and sums over rows, which tfjs reaches by way of others. float32; results are the caller's. */
export type Products = {
  /** `a b` of two matrices. tfjs makes a batch of one of it, with three reshapes. */
  matMul(a: TensorInfo, b: TensorInfo, transposed?: Transposed): Tensor;
  /** `a b` of `[..., n, m]` and `[..., m, p]`. */
  batchMatMul(a: TensorInfo, b: TensorInfo, transposed?: Transposed): Tensor;
  /** `x + bias` along the last axis. */
  biasAdd(x: TensorInfo, bias: TensorInfo): Tensor;
  /** The sum of the rows of `[R, D]`, `[D]`. */
  sumRows(x: TensorInfo): Tensor;
};

/** The ops of a backend. */
export function products(backend: NodeBackend): Products {
  const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_ATTR_STRING, TF_FLOAT } = backend.binding;
  const float: Attribute = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT };
  const rows: readonly Attribute[] = [float, { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' }];
  const flag = (name: string, value = false): Attribute => ({ name, type: TF_ATTR_BOOL, value });
  const product =
    (op: string, left: string, right: string): Products['matMul'] =>
    (a, b, transposed = {}) =>
      backend.executeSingleOutput(op, [float, flag(left, transposed.a), flag(right, transposed.b)], [a, b]);
  return {
    matMul: product('MatMul', 'transpose_a', 'transpose_b'),
    batchMatMul: product('BatchMatMulV2', 'adj_x', 'adj_y'),
    biasAdd: (x, bias) => backend.executeSingleOutput('BiasAdd', rows, [x, bias]),
    sumRows: (x) => backend.executeSingleOutput('BiasAddGrad', rows, [x]),
  };
}
