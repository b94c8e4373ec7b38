import { add, type Tensor } from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';
import type { ActivationKind } from './passes.ts';

/** A residual comes never with an activation. */
export const linear = defineKernel<
  { x: Tensor; kernel: Tensor; bias: Tensor | undefined; residual: Tensor | undefined },
  { activation?: ActivationKind }
>('VitrailLinear', ({ x, kernel, bias, residual }, { activation }, { products, passes }) => {
  const product = products.matMul(x, kernel);
  if (activation !== undefined) {
    return bias ? passes.biasActivate(product, bias, activation) : [passes.activate(product, activation), product];
  }
  const sum = bias ? products.biasAdd(product, bias) : product;
  return [residual ? add(residual, sum) : sum];
});

/** Nothing is transposed in memory: the products read their operands as they lie. */
export const linearGrad = defineKernel<
  { dy: Tensor; x: Tensor; kernel: Tensor; preactivation: Tensor | undefined },
  { activation?: ActivationKind; hasBias: boolean }
>('VitrailLinearGrad', ({ dy, x, kernel, preactivation }, { activation, hasBias }, { products, passes }) => {
  const dSum = activation && preactivation ? passes.activateGrad(dy, preactivation, activation) : dy;
  const gradients = [products.matMul(dSum, kernel, { b: true }), products.matMul(x, dSum, { a: true })];
  return hasBias ? [...gradients, products.sumRows(dSum)] : gradients;
});

/** `VitrailActivation`. */
export const activation = defineKernel<{ x: Tensor }, { kind: ActivationKind }>(
  'VitrailActivation',
  ({ x }, { kind }, { passes }) => [passes.activate(x, kind)],
);

/** `VitrailActivationGrad`. */
export const activationGrad = defineKernel<{ dy: Tensor; x: Tensor }, { kind: ActivationKind }>(
  'VitrailActivationGrad',
  ({ dy, x }, { kind }, { passes }) => [passes.activateGrad(dy, x, kind)],
);
