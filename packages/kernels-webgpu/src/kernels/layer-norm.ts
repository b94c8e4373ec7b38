import type { TensorInfo } from '@tensorflow/tfjs-core';
import { layerNorm, layerNormGrad } from '../shaders/layer-norm.ts';
import { sumRows } from '../shaders/sum-rows.ts';
import { productTuning } from '../tuning.ts';
import { MOST_WIDTH, rowSlices } from '../wgsl/row-slices.ts';
import type { KernelSet } from './kernel-set.ts';
import { zeros } from './zeros.ts';

/** Rows of partial sums over rows, for each workgroup that keeps the device busy; more would cost more to add up. */
const PARTIAL_SUMS = 2;

/**
 * `VitrailLayerNorm`, one launch, and its gradient, two: the second adds up what the workgroups of the first sum over their rows. Rows
 * longer than {@link MOST_WIDTH} are left to the composition.
 */
export const layerNormKernels: KernelSet = (device) => ({
  VitrailLayerNorm({ inputs, attrs }) {
    const { x, scale, bias } = inputs as Record<'x' | 'scale' | 'bias', TensorInfo>;
    const { epsilon } = attrs as { epsilon: number };
    const [rows, width] = x.shape;
    if (width > MOST_WIDTH) return [];
    const slices = rowSlices(width);
    const y = device.activation(x.shape);
    const mean = device.output([rows, 1]);
    const inverseDeviation = device.output([rows, 1]);
    const columns = slices.vector ? width / 4 : width;
    device.launch(
      layerNorm,
      slices,
      { x, scale, bias, y, mean, inverseDeviation },
      { rows, columns, width, epsilon },
      Math.ceil((rows * slices.lanes) / 256),
    );
    return [y, mean, inverseDeviation];
  },

  VitrailLayerNormGrad({ inputs }) {
    const { dy, x, scale, mean, inverseDeviation } = inputs as Record<
      'dy' | 'x' | 'scale' | 'mean' | 'inverseDeviation',
      TensorInfo
    >;
    const [rows, width] = x.shape;
    if (width > MOST_WIDTH) return [];
    const dx = device.activation(x.shape);
    if (rows === 0) return [dx, zeros(device, [width]), zeros(device, [width])];
    const slices = rowSlices(width);
    const rowsAtOnce = 256 / slices.lanes;
    const rowsPerGroup = rowsAtOnce * Math.ceil(rows / rowsAtOnce / (PARTIAL_SUMS * productTuning(device).workgroups));
    const blocks = Math.ceil(rows / rowsPerGroup);
    const columns = slices.vector ? width / 4 : width;
    const partial = device.scratch(blocks * 2 * width);
    device.launch(
      layerNormGrad,
      slices,
      { dy, x, scale, mean, inverseDeviation, dx, partial },
      { rows, columns, rowsPerGroup, rowsAtOnce, width },
      blocks,
    );
    const first = device.output([width]);
    const second = device.output([width]);
    device.launch(
      sumRows,
      undefined,
      { x: partial, first, second },
      { rows: blocks, columns: 2 * width, split: width },
      Math.ceil((2 * width) / 32),
    );
    return [dx, first, second];
  },
});
