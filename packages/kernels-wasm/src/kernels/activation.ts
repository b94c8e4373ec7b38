import type { TensorInfo } from '@tensorflow/tfjs-core';
import { activationKinds } from '../activation-kinds.ts';
import type { Device } from '../device.ts';
import { ELEMENTS_PER_TASK } from '../elements-per-task.ts';
import { Kernel } from '../kernel.ts';
import { elementTasks } from './element-tasks.ts';
import type { KernelSet } from './kernel-set.ts';

type ActivationAttributes = { kind: keyof typeof activationKinds };

/** The activations and swiglu, element by element, with their gradients: each one pass over memory. */
export const activationKernels: KernelSet = (device) => ({
  VitrailActivation({ inputs, attrs }) {
    const { x } = inputs as { x: TensorInfo };
    const { kind } = attrs as ActivationAttributes;
    const y = device.output(x.shape);
    const { count, tasks } = elementTasks(x);
    device.launch(Kernel.Activation, tasks, [activationKinds[kind], count, 0, device.address(x), device.address(y)]);
    return [y];
  },

  VitrailActivationGrad({ inputs, attrs }) {
    const { dy, x } = inputs as { dy: TensorInfo; x: TensorInfo };
    const { kind } = attrs as ActivationAttributes;
    const dx = device.output(x.shape);
    activationGradient(
      device,
      activationKinds[kind],
      device.address(dy),
      device.address(x),
      device.address(dx),
      elementTasks(x).count,
    );
    return [dx];
  },

  VitrailSwiglu({ inputs }) {
    const { gate, value } = inputs as { gate: TensorInfo; value: TensorInfo };
    const y = device.output(gate.shape);
    const { count, tasks } = elementTasks(gate);
    device.launch(Kernel.Swiglu, tasks, [count, device.address(gate), device.address(value), device.address(y), 0, 0, 0]);
    return [y];
  },

  VitrailSwigluGrad({ inputs }) {
    const { dy, gate, value } = inputs as { dy: TensorInfo; gate: TensorInfo; value: TensorInfo };
    const dGate = device.output(gate.shape);
    const dValue = device.output(gate.shape);
    const { count, tasks } = elementTasks(gate);
    const addresses = [gate, value].map((tensor) => device.address(tensor));
    const outputs = [dy, dGate, dValue].map((tensor) => device.address(tensor));
    device.launch(Kernel.SwigluGrad, tasks, [count, ...addresses, 0, ...outputs]);
    return [dGate, dValue];
  },
});

/**
 * `to = dy activation'(preactivation)`, `count` values each, all of them addresses. `to` may be `dy` or `preactivation`.
 */
export function activationGradient(
  device: Device,
  kind: number,
  dy: number,
  preactivation: number,
  to: number,
  count: number,
): void {
  device.launch(Kernel.ActivationGrad, Math.ceil(count / ELEMENTS_PER_TASK), [kind, count, dy, preactivation, to]);
}
