import type { TensorInfo } from '@tensorflow/tfjs-core';
import { WORKGROUP_LIMIT } from '../device.ts';
import { sizeOf } from '../placement.ts';
import { type ActivationKind, activation, activationGrad } from '../shaders/activation.ts';
import type { KernelSet } from './kernel-set.ts';

/** `VitrailActivation` and its gradient. */
export const activationKernels: KernelSet = (device) => ({
  VitrailActivation({ inputs, attrs }) {
    const { x } = inputs as Record<'x', TensorInfo>;
    const { kind } = attrs as { kind: ActivationKind };
    const y = device.activation(x.shape);
    const count = sizeOf(x.shape);
    device.launch(activation, { kind }, { x, y }, { count }, Math.ceil(count / WORKGROUP_LIMIT));
    return [y];
  },

  VitrailActivationGrad({ inputs, attrs }) {
    const { dy, x } = inputs as Record<'dy' | 'x', TensorInfo>;
    const { kind } = attrs as { kind: ActivationKind };
    const dx = device.activation(x.shape);
    const count = sizeOf(x.shape);
    device.launch(activationGrad, { kind }, { dy, x, dx }, { count }, Math.ceil(count / WORKGROUP_LIMIT));
    return [dx];
  },
});
