import type { TensorInfo } from '@tensorflow/tfjs-core';
import { rowMajorStrides } from './axes.ts';
import { copyView } from './copy-view.ts';
import type { KernelSet } from './kernel-set.ts';
import { isWords, share } from './share.ts';

/** `Transpose` of any rank, and `Identity` and `Cast` to the same type without a copy. */
export const transposeKernels: KernelSet = (device, stock) => ({
  Transpose(params) {
    const { x } = params.inputs as { x: TensorInfo };
    const { perm } = params.attrs as unknown as { perm: number[] };
    if (!isWords(x)) return stock('Transpose')(params);
    const shape = perm.map((axis) => x.shape[axis]);
    if (keepsOrder(x.shape, perm)) return share(device, x, shape);
    const strides = rowMajorStrides(x.shape);
    const y = device.output(shape, x.dtype);
    const from = { address: device.address(x), strides: perm.map((axis) => strides[axis]) };
    copyView(device, shape, from, { address: device.address(y), strides: rowMajorStrides(shape) });
    return y;
  },

  Identity(params) {
    const { x } = params.inputs as { x: TensorInfo };
    return x.dtype === 'string' ? stock('Identity')(params) : share(device, x);
  },

  Cast(params) {
    const { x } = params.inputs as { x: TensorInfo };
    const { dtype } = params.attrs as unknown as { dtype: string };
    return x.dtype === dtype && dtype !== 'string' ? share(device, x) : stock('Cast')(params);
  },
});

/** Whether only axes of length 1 move. */
function keepsOrder(shape: readonly number[], perm: readonly number[]): boolean {
  const long = perm.filter((axis) => shape[axis] !== 1);
  return long.every((axis, index) => index === 0 || axis > long[index - 1]);
}
