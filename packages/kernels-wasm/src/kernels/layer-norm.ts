import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Kernel } from '../kernel.ts';
import { SUM_COLUMNS } from '../layer-norm-blocks.ts';
import type { KernelSet } from './kernel-set.ts';
import { rowTasks } from './row-tasks.ts';

/** At least as many rows share a pair of sums for the gradients of scale and bias. */
const LEAST_ROWS = 8;

/** `VitrailLayerNorm` and its gradient. */
export const layerNormKernels: KernelSet = (device) => ({
  VitrailLayerNorm({ inputs, attrs }) {
    const { x, scale, bias } = inputs as Record<'x' | 'scale' | 'bias', TensorInfo>;
    const { epsilon } = attrs as { epsilon: number };
    const [rows, width] = x.shape;
    const outputs = [device.output([rows, width]), device.output([rows, 1]), device.output([rows, 1])];
    const { rowsPerTask, tasks } = rowTasks(rows, width);
    const addresses = [x, scale, bias, ...outputs].map((tensor) => device.address(tensor));
    device.launch(Kernel.LayerNorm, tasks, [...addresses, rows, width, rowsPerTask], [epsilon]);
    return outputs;
  },

  /**
   * The gradients of scale and bias are sums over blocks of rows, and then over the blocks in their order. How many rows a block
   * has depends on the width alone.
   */
  VitrailLayerNormGrad({ inputs }) {
    const { dy, x, scale, mean, inverseDeviation } = inputs as Record<
      'dy' | 'x' | 'scale' | 'mean' | 'inverseDeviation',
      TensorInfo
    >;
    const [rows, width] = x.shape;
    const dx = device.output([rows, width]);
    const sums = [device.output([width]), device.output([width])];
    const { rowsPerTask, tasks } = rowTasks(rows, width, LEAST_ROWS);
    const addresses = [dy, x, scale, mean, inverseDeviation, dx].map((tensor) => device.address(tensor));
    const rowBytes = 4 * width;
    device.withMemory(tasks * 2 * rowBytes, (partial) => {
      device.launch(Kernel.LayerNormGrad, tasks, [...addresses, partial, rows, width, rowsPerTask]);
      sums.forEach((sum, index) => {
        const words = [partial + index * rowBytes, device.address(sum), tasks, width, 2 * width];
        device.launch(Kernel.SumPartial, Math.ceil(width / SUM_COLUMNS), words);
      });
    });
    return [dx, ...sums];
  },
});
