import { scalar, type Tensor, type Tensor1D, tensor1d } from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';

type Attributes = {
  beta1: number;
  beta2: number;
  epsilon: number;
  t: number;
  rates: readonly number[];
  decays: readonly number[];
};

/**
 * One op per parameter. There is no composition of TensorFlow's ops that is faster than the optimiser's own, so only with fused
 * ops.
 */
export const adamW = defineKernel<Readonly<Record<string, Tensor>>, Attributes>(
  'VitrailAdamW',
  (inputs, attributes, { backend }) => {
    const gradientScale = inputs.gradientScale ?? scalar(1);
    const numbers = new Map<string, Tensor1D>();
    return attributes.rates.flatMap((rate, i) => {
      const decay = attributes.decays[i] as number;
      const key = `${rate} ${decay}`;
      const own = numbers.get(key) ?? tensor1d(adamwNumbers(attributes, rate, decay));
      numbers.set(key, own);
      const tensors = ['param', 'gradient', 'firstMoment', 'secondMoment'].map((name) => inputs[`${name}${i}`] as Tensor);
      return backend.executeMultipleOutputs('VitrailFusedAdamW', [], [...tensors, gradientScale, own], 3);
    });
  },
);

/**
 * What is kept of the parameter, the rate and epsilon with the corrections of the bias in them, and how the moments are mixed.
 */
function adamwNumbers({ beta1, beta2, epsilon, t }: Attributes, rate: number, decay: number): number[] {
  const correction = Math.sqrt(1 - beta2 ** t);
  return [1 - rate * decay, (rate * correction) / (1 - beta1 ** t), epsilon * correction, beta1, 1 - beta1, beta2, 1 - beta2];
}
