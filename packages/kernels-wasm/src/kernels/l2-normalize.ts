import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Kernel } from '../kernel.ts';
import type { KernelSet } from './kernel-set.ts';
import { rowTasks } from './row-tasks.ts';

/** `VitrailL2Normalize` and its gradient. */
export const l2NormalizeKernels: KernelSet = (device) => ({
  VitrailL2Normalize({ inputs, attrs }) {
    const { x } = inputs as { x: TensorInfo };
    const { epsilon } = attrs as { epsilon: number };
    const [rows, width] = x.shape;
    const y = device.output([rows, width]);
    const length = device.output([rows, 1]);
    const { rowsPerTask, tasks } = rowTasks(rows, width);
    const addresses = [x, length, y].map((tensor) => device.address(tensor));
    device.launch(Kernel.L2Normalize, tasks, [0, ...addresses, rows, width, rowsPerTask], [epsilon]);
    return [y, length];
  },

  VitrailL2NormalizeGrad({ inputs, attrs }) {
    const { dy, y, length } = inputs as { dy: TensorInfo; y: TensorInfo; length: TensorInfo };
    const { epsilon } = attrs as { epsilon: number };
    const [rows, width] = dy.shape;
    const dx = device.output([rows, width]);
    const { rowsPerTask, tasks } = rowTasks(rows, width);
    const addresses = [dy, y, length, dx].map((tensor) => device.address(tensor));
    device.launch(Kernel.L2NormalizeGrad, tasks, [...addresses, rows, width, rowsPerTask], [epsilon]);
    return [dx];
  },
});
