import { backend_util, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { rowMajorStrides } from './axes.ts';
import { copyView } from './copy-view.ts';
import type { KernelSet } from './kernel-set.ts';
import { isWords } from './share.ts';

/** `Slice`, `SplitV` and `Unpack`. tfjs copies the whole of `x` for each of them. */
export const sliceKernels: KernelSet = (device, stock) => ({
  Slice(params) {
    const { x } = params.inputs as { x: TensorInfo };
    const { begin, size } = params.attrs as unknown as { begin: number | number[]; size: number | number[] };
    const [first, lengths] = slice_util.parseSliceParams(x as never, begin, size);
    requireInside(x, first, lengths);
    if (!isWords(x)) return stock('Slice')(params);
    return part(device, x, first, lengths);
  },

  SplitV(params) {
    const { x } = params.inputs as { x: TensorInfo };
    if (!isWords(x)) return stock('SplitV')(params);
    const { numOrSizeSplits, axis } = params.attrs as unknown as { numOrSizeSplits: number | number[]; axis: number };
    const along = util.parseAxisParam(axis, x.shape)[0];
    const first = x.shape.map(() => 0);
    return backend_util.prepareSplitSize(x as never, numOrSizeSplits, along).map((length) => {
      const y = part(device, x, first, x.shape.with(along, length));
      first[along] += length;
      return y;
    });
  },

  Unpack(params) {
    const { value } = params.inputs as { value: TensorInfo };
    if (!isWords(value)) return stock('Unpack')(params);
    const { axis } = params.attrs as unknown as { axis: number };
    const along = util.parseAxisParam(axis, value.shape)[0];
    const nowhere = value.shape.map(() => 0);
    return Array.from({ length: value.shape[along] }, (_, index) => ({
      ...part(device, value, nowhere.with(along, index), value.shape.with(along, 1)),
      shape: value.shape.toSpliced(along, 1),
    }));
  },
});

/** tfjs's own error for what lies outside of the tensor: its wasm backend does not ask, and gives what is in memory there. */
function requireInside(x: TensorInfo, first: number[], lengths: number[]): void {
  slice_util.assertParamsValid(x as never, first, lengths);
  const outside = first.findIndex((index, axis) => index < 0 || lengths[axis] < 0);
  util.assert(outside < 0, () => `Slice: from ${first[outside]} on there is nothing along axis ${outside} of [${x.shape}]`);
}

function part(device: Device, x: TensorInfo, first: readonly number[], lengths: readonly number[]): TensorInfo {
  const strides = rowMajorStrides(x.shape);
  const offset = first.reduce((sum, index, axis) => sum + index * strides[axis], 0);
  const y = device.output(lengths, x.dtype);
  const to = { address: device.address(y), strides: rowMajorStrides(lengths) };
  copyView(device, lengths, { address: device.address(x) + 4 * offset, strides }, to);
  return y;
}
