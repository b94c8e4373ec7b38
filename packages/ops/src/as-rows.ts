import { engine, ones, reshape, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { matrixProduct } from './matrix-product.ts';

/** `[..., D]` as `[R, D]`: the ops along the last axis, and plain matrix products, want a matrix. A {@link view}. */
export function asRows(x: Tensor): Tensor2D {
  const width = x.shape[x.rank - 1];
  const count = x.shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return view(x, [count, width]) as Tensor2D;
}

/** Backends on which tensors of different shapes may have the same data. On `tensorflow` they have not, on `webgl` it depends. */
const SHARING = new Set(['cpu', 'wasm', 'webgpu']);

/**
 * The data of `x` in another shape of as many elements, as `reshape` gives it, but no op where the backend allows it: within an op that has a
 * gradient of its own no tape looks on (nor for a second derivative), and a training step asks for so many that the way through `reshape` takes a
 * fiftieth of its time.
 */
export function view(x: Tensor, shape: number[]): Tensor {
  const { backend, backendName } = engine();
  if (!SHARING.has(backendName)) return reshape(x, shape);
  backend.incRef(x.dataId);
  return engine().makeTensorFromTensorInfo({ dataId: x.dataId, shape, dtype: x.dtype });
}

/** The sum of the rows of `[R, D]` as `[D]`, by a matrix product: a sum over axis 0 is twenty times slower on the `wasm` backend. */
export function sumRows(x: Tensor2D): Tensor {
  return reshape(matrixProduct(ones([1, x.shape[0]]), x), [x.shape[1]]);
}
