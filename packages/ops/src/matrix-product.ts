import { add, fused, getBackend, matMul, type Tensor, type Tensor2D, zeros } from '@tensorflow/tfjs-core';

/**
 * The product of two matrices: tfjs's `matMul`, made safe on the `wasm` backend of tfjs 4.22, and the form that is fastest there (no
 * transposed operand, no batch).
 *
 * That backend prepares a right-hand matrix once and finds it again by its data alone, so a matrix that was multiplied before and comes
 * again in another shape (`reshape` shares data) is read and written out of bounds: wrong numbers at best. Such a matrix is copied here.
 *
 * For layers use `linear`, whose gradient is fast as well.
 *
 * @param a `[n, m]`
 * @param b `[m, p]`
 * @returns `[n, p]`, the caller's
 * @throws tfjs's own error when the inner lengths differ
 * @example matrixProduct(ones([2, 3]), ones([3, 5])).shape // [2, 5]
 */
export function matrixProduct(a: Tensor2D, b: Tensor2D): Tensor2D {
  // The same backend leaves memory as it finds it where there is nothing to add up.
  if (a.shape[1] === 0 && b.shape[0] === 0) return zeros([a.shape[0], b.shape[1]]);
  return matMul(a, inOneShape(b));
}

/**
 * `a b + bias`, in one kernel.
 *
 * `wasm` looks for the rank of the bias where its data were first written, and refuses one that came out of a `reshape`: it gets a copy.
 */
export function biasedProduct(a: Tensor2D, b: Tensor2D, bias: Tensor | undefined): Tensor2D {
  const vector = bias && getBackend() === 'wasm' ? add(bias, 0) : bias;
  return fused.matMul({ a, b: inOneShape(b), bias: vector }) as Tensor2D;
}

/** The shape in which the `wasm` backend saw a right-hand matrix first, by the identity of its data. */
const firstShapes = new WeakMap<object, string>();

function inOneShape(b: Tensor2D): Tensor2D {
  if (getBackend() !== 'wasm') return b;
  const shape = b.shape.join();
  const first = firstShapes.get(b.dataId);
  if (first === undefined) firstShapes.set(b.dataId, shape);
  return first === undefined || first === shape ? b : add(b, 0);
}
