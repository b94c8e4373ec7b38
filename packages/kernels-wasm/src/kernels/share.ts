import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';

/** The values of `x` under another shape, without a copy: tfjs counts who has them. */
export function share(device: Device, x: TensorInfo, shape: readonly number[] = x.shape): TensorInfo {
  device.backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: [...shape], dtype: x.dtype };
}

/** Whether the values are words of 32 bits. */
export function isWords(x: TensorInfo): boolean {
  return x.dtype === 'float32' || x.dtype === 'int32';
}
