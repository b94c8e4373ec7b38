import type { Tensor } from '@tensorflow/tfjs-core';

/** The numbers of a tensor, which is disposed, also when a device fails to give them. */
export async function takeValues(tensor: Tensor): Promise<Float32Array> {
  try {
    return await tensor.data<'float32'>();
  } finally {
    tensor.dispose();
  }
}
