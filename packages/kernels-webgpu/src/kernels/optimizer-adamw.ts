import type { TensorInfo } from '@tensorflow/tfjs-core';
import { launchMultiTensor, numbered } from '../multi-tensor.ts';
import { adamw } from '../shaders/adamw.ts';
import type { KernelSet } from './kernel-set.ts';

type Attributes = { beta1: number; beta2: number; epsilon: number; t: number; rates: number[]; decays: number[] };

/** `VitrailAdamW`: a launch per bucket of parameters. */
export const adamwKernels: KernelSet = (device) => ({
  VitrailAdamW({ inputs, attrs }) {
    const given = inputs as Record<string, TensorInfo | undefined>;
    const { beta1, beta2, epsilon, t, rates, decays } = attrs as Attributes;
    const deviationCorrection = Math.sqrt(1 - beta2 ** t);
    const factor = deviationCorrection / (1 - beta1 ** t);
    const names = ['param', 'gradient', 'firstMoment', 'secondMoment'];
    const [params, firstMoments, secondMoments] = launchMultiTensor(device, {
      shader: adamw,
      inputs: Object.fromEntries(names.map((name) => [name, numbered(given, name)])),
      outputs: ['newParam', 'newFirstMoment', 'newSecondMoment'],
      numbers: (i) => [1 - rates[i] * decays[i], rates[i] * factor],
      gate: given.gradientScale,
      uniforms: { beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, epsilon: epsilon * deviationCorrection },
    });
    return params.flatMap((param, i) => [param, firstMoments[i], secondMoments[i]]);
  },
});
