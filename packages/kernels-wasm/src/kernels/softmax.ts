import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { Kernel } from '../kernel.ts';
import type { KernelSet } from './kernel-set.ts';
import { rowTasks } from './row-tasks.ts';

/** `Softmax` of tfjs, along the last axis (tfjs knows no other). Values below the smallest normal number are 0. */
export const softmaxKernels: KernelSet = (device, stock) => ({
  Softmax(params) {
    const { logits } = params.inputs as { logits: TensorInfo };
    const { shape, dtype } = logits;
    const { dim } = params.attrs as { dim: number };
    if (dtype !== 'float32' || dim !== shape.length - 1) return stock('Softmax')(params);
    const y = device.output(shape);
    const width = shape[dim];
    const rows = width === 0 ? 0 : util.sizeFromShape(shape) / width;
    const { rowsPerTask, tasks } = rowTasks(rows, width);
    device.launch(Kernel.Softmax, tasks, [device.address(logits), device.address(y), rows, width, rowsPerTask]);
    return y;
  },
});
