import type { TensorInfo } from '@tensorflow/tfjs-core';
import { l2Normalize, l2NormalizeGrad } from '../shaders/l2-normalize.ts';
import { MOST_WIDTH, rowSlices } from '../wgsl/row-slices.ts';
import type { KernelSet } from './kernel-set.ts';

/**
 * `VitrailL2Normalize` and its gradient, one launch each. Outputs are float32 in every precision: unit vectors go into scores that are
 * divided by small temperatures, and what is normalised may be a parameter. Rows longer than {@link MOST_WIDTH} are left to the composition.
 */
export const l2NormalizeKernels: KernelSet = (device) => ({
  VitrailL2Normalize({ inputs, attrs }) {
    const { x } = inputs as Record<'x', TensorInfo>;
    const { epsilon } = attrs as { epsilon: number };
    const [rows, width] = x.shape;
    if (width > MOST_WIDTH) return [];
    const slices = rowSlices(width);
    const y = device.output(x.shape);
    const divisor = device.output([rows, 1]);
    const columns = slices.vector ? width / 4 : width;
    device.launch(l2Normalize, slices, { x, y, divisor }, { rows, columns, epsilon }, Math.ceil((rows * slices.lanes) / 256));
    return [y, divisor];
  },

  VitrailL2NormalizeGrad({ inputs, attrs }) {
    const { dy, y, length } = inputs as Record<'dy' | 'y' | 'length', TensorInfo>;
    const { epsilon } = attrs as { epsilon: number };
    const [rows, width] = y.shape;
    if (width > MOST_WIDTH) return [];
    const slices = rowSlices(width);
    const dx = device.output(y.shape);
    const columns = slices.vector ? width / 4 : width;
    device.launch(
      l2NormalizeGrad,
      slices,
      { dy, y, divisor: length, dx },
      { rows, columns, epsilon },
      Math.ceil((rows * slices.lanes) / 256),
    );
    return [dx];
  },
});
