import {
  backend_util,
  type DataType,
  type KernelFunc,
  type NumericDataType,
  sumOutType,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { sizeOf } from '../placement.ts';
import type { KernelSet } from './kernel-set.ts';
import { zeros } from './zeros.ts';

/**
 * `Sum` and `Mean` of no numbers: 0, as on the cpu backend. Those of tfjs 4.22 throw, because they divide by the size (see
 * https://github.com/tensorflow/tfjs/issues/6633). Everything else is left to tfjs.
 */
export const reduceKernels: KernelSet = (device, stock) => ({
  Sum: (call) => ofNothing(device, call, (dtype) => (sumOutType(dtype) === 'int32' ? 'int32' : 'float32')) ?? stock('Sum')(call),
  Mean: (call) => ofNothing(device, call, () => 'float32') ?? stock('Mean')(call),
});

/** Zeros, if there is nothing to reduce. */
function ofNothing(
  device: Device,
  { inputs, attrs }: Parameters<KernelFunc>[0],
  outputType: (dtype: DataType) => NumericDataType,
): TensorInfo | undefined {
  const { x } = inputs as Record<'x', TensorInfo>;
  if (sizeOf(x.shape) > 0) return undefined;
  const { axis, keepDims } = attrs as unknown as { axis: number | number[]; keepDims: boolean };
  const axes = util.parseAxisParam(axis, x.shape);
  const [outShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  const shape = keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  return zeros(device, shape, outputType(x.dtype));
}
