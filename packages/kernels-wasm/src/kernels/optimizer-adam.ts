import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { numbered } from './optimizer-table.ts';

/** Attributes of `VitrailAdamW` and `VitrailLamb`. */
export type AdamAttributes = { beta1: number; beta2: number; epsilon: number; t: number; rates: number[]; decays: number[] };

/**
 * The parameters, the outputs of each (new parameter and moments), and the addresses of each: parameter, gradient, moments,
 * outputs.
 */
export function adamTensors(device: Device, inputs: Readonly<Record<string, TensorInfo | undefined>>) {
  const [params, gradients, first, second] = ['param', 'gradient', 'firstMoment', 'secondMoment'].map((name) =>
    numbered(inputs, name),
  );
  const outputs = params.map(({ shape }) => [device.output(shape), device.output(shape), device.output(shape)]);
  const addresses = params.map((param, i) =>
    [param, gradients[i], first[i], second[i], ...outputs[i]].map((tensor) => device.address(tensor)),
  );
  return { params, outputs, addresses };
}
