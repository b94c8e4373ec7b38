import { type NumericDataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { sizeOf } from '../placement.ts';

/** A tensor of zeros, from the host: for what sums over nothing. */
export function zeros(device: Device, shape: readonly number[], dtype: NumericDataType = 'float32'): TensorInfo {
  const values = util.makeZerosTypedArray(sizeOf(shape), dtype);
  const tensor: TensorInfo = { dataId: device.backend.write(values, [...shape], dtype), shape: [...shape], dtype };
  device.adopt([tensor]);
  return tensor;
}
