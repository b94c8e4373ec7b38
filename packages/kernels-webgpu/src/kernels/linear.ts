import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ActivationKind } from '../shaders/activation.ts';
import type { KernelSet } from './kernel-set.ts';
import { product } from './product.ts';

type LinearAttributes = { activation?: ActivationKind };

/**
 * `VitrailLinear` in one launch, and its gradient in two: products with the bias, the activation, its gradient and the sums over rows
 * in the same pass. (A gradient with few tiles and a long depth takes one more; see `product`.)
 *
 * What is kept for the gradient is the derivative of the activation, and not the sum before it, so that both gradient products get
 * along with one multiplication when they load `dy`.
 */
export const linearKernels: KernelSet = (device) => ({
  VitrailLinear({ inputs, attrs }) {
    const { x, kernel, bias, residual } = inputs as Record<'x' | 'kernel', TensorInfo> & {
      bias?: TensorInfo;
      residual?: TensorInfo;
    };
    const { activation: kind } = attrs as LinearAttributes;
    const [rows, depth] = x.shape;
    const columns = kernel.shape[1];
    const y = device.activation([rows, columns]);
    const derivative = kind && device.activation([rows, columns]);
    product(
      device,
      { values: x },
      { values: kernel },
      { values: y },
      { rows, columns, depth },
      { bias, residual, activation: kind && { kind, derivative } },
    );
    return derivative === undefined ? [y] : [y, derivative];
  },

  VitrailLinearGrad({ inputs, attrs }) {
    const {
      dy,
      x,
      kernel,
      preactivation: derivative,
    } = inputs as Record<'dy' | 'x' | 'kernel', TensorInfo> & { preactivation?: TensorInfo };
    const { hasBias } = attrs as { hasBias: boolean };
    const [rows, depth] = x.shape;
    const columns = kernel.shape[1];
    const dx = device.activation([rows, depth]);
    const dKernel = device.output([depth, columns]);
    const dBias = hasBias ? device.output([columns]) : undefined;
    const multiplier = (of: 'a' | 'b') => derivative && ({ of, values: derivative } as const);
    product(
      device,
      { values: dy },
      { values: kernel, transpose: true },
      { values: dx },
      { rows, columns: depth, depth: columns },
      { multiplier: multiplier('a'), divisible: true },
    );
    product(
      device,
      { values: x, transpose: true },
      { values: dy },
      { values: dKernel },
      { rows: depth, columns, depth: rows },
      { multiplier: multiplier('b'), columnSums: dBias, divisible: true },
    );
    if (dBias !== undefined && depth === 0 && rows * columns > 0) {
      // There is no gradient of a kernel to be computed beside.
      const ones = device.upload(new Float32Array(rows).fill(1));
      const sizes = { rows: 1, columns, depth: rows };
      product(device, { values: ones }, { values: dy }, { values: dBias }, sizes, { multiplier: multiplier('b') });
    }
    return dBias === undefined ? [dx, dKernel] : [dx, dKernel, dBias];
  },
});
