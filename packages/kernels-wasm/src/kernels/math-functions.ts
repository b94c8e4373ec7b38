import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import { MathFunction } from '../math-function.ts';
import { elementTasks } from './element-tasks.ts';
import type { KernelSet, StockKernel } from './kernel-set.ts';

const names = ['Erf', 'Exp', 'LeakyRelu', 'Log', 'Softplus', 'Tanh'] as const satisfies readonly (keyof typeof MathFunction)[];

/** The element-wise functions of tfjs that are slow in its own binary, for float32; other types are left to it. */
export const mathFunctionKernels: KernelSet = (device, stock) =>
  Object.fromEntries(names.map((name) => [name, mathFunctionKernel(device, stock, name)]));

function mathFunctionKernel(device: Device, stock: StockKernel, name: (typeof names)[number]): KernelFunc {
  return (params) => {
    const { x } = params.inputs as { x: TensorInfo };
    if (x.dtype !== 'float32') return stock(name)(params);
    const { alpha = 0 } = (params.attrs ?? {}) as { alpha?: number };
    const y = device.output(x.shape);
    const { count, tasks } = elementTasks(x);
    device.launch(Kernel.MathFunction, tasks, [MathFunction[name], count, device.address(x), device.address(y)], [alpha]);
    return y;
  };
}
