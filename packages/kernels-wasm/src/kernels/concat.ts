import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { mergeAxes, OUTER_AXES, rowMajorStrides } from './axes.ts';
import { copyAxes, copyView } from './copy-view.ts';
import type { KernelSet } from './kernel-set.ts';
import { isWords, share } from './share.ts';

/** `Concat`, `Pack`, `Tile` and `Reverse`. */
export const concatKernels: KernelSet = (device, stock) => {
  /** Parts side by side along `axis`; their shapes are alike but for that axis. */
  function join(parts: readonly TensorInfo[], axis: number): TensorInfo {
    const shape = parts[0].shape.with(
      axis,
      parts.reduce((sum, part) => sum + part.shape[axis], 0),
    );
    const y = device.output(shape, parts[0].dtype);
    const strides = rowMajorStrides(shape);
    let address = device.address(y);
    for (const part of parts) {
      copyView(device, part.shape, { address: device.address(part), strides: rowMajorStrides(part.shape) }, { address, strides });
      address += 4 * strides[axis] * part.shape[axis];
    }
    return y;
  }

  return {
    Concat(params) {
      const parts = params.inputs as unknown as TensorInfo[];
      if (!parts.every((part) => isWords(part) && part.dtype === parts[0].dtype)) return stock('Concat')(params);
      const axis = util.parseAxisParam((params.attrs as unknown as { axis: number }).axis, parts[0].shape)[0];
      const shapes = parts.map(({ shape }) => shape);
      backend_util.assertParamsConsistent(shapes, axis);
      const full = parts.filter(({ shape }) => !shape.includes(0));
      return full.length === 1 ? share(device, full[0]) : join(full.length === 0 ? parts : full, axis);
    },

    Pack(params) {
      const parts = params.inputs as unknown as TensorInfo[];
      const { axis } = params.attrs as unknown as { axis: number };
      const alike = ({ shape, dtype }: TensorInfo) => dtype === parts[0].dtype && util.arraysEqual(shape, parts[0].shape);
      if (!isWords(parts[0]) || !parts.every(alike)) return stock('Pack')(params);
      const shape = parts[0].shape.toSpliced(axis < 0 ? axis + parts[0].shape.length + 1 : axis, 0, 1);
      if (parts.length === 1) return share(device, parts[0], shape);
      return join(
        parts.map((part) => ({ ...part, shape })),
        axis < 0 ? axis + shape.length : axis,
      );
    },

    Tile(params) {
      const { x } = params.inputs as { x: TensorInfo };
      const { reps } = params.attrs as unknown as { reps: number[] };
      // Each axis becomes two: how often, and what.
      const strides = rowMajorStrides(x.shape);
      const lengths = x.shape.flatMap((length, axis) => [reps[axis], length]);
      const from = strides.flatMap((stride) => [0, stride]);
      const axes = mergeAxes(lengths, from, rowMajorStrides(lengths));
      if (!isWords(x) || axes.length > OUTER_AXES + 1) return stock('Tile')(params);
      const y = device.output(
        x.shape.map((length, axis) => length * reps[axis]),
        x.dtype,
      );
      if (!lengths.includes(0)) copyAxes(device, axes, device.address(x), device.address(y));
      return y;
    },

    Reverse(params) {
      const { x } = params.inputs as { x: TensorInfo };
      if (!isWords(x) || x.shape.length === 0) return stock('Reverse')(params);
      const axes = new Set(util.parseAxisParam((params.attrs as unknown as { dims: number | number[] }).dims, x.shape));
      const strides = rowMajorStrides(x.shape);
      const y = device.output(x.shape, x.dtype);
      const last = [...axes].reduce((offset, axis) => offset + (x.shape[axis] - 1) * strides[axis], 0);
      const from = strides.map((stride, axis) => (axes.has(axis) ? -stride : stride));
      copyView(
        device,
        x.shape,
        { address: device.address(x) + 4 * last, strides: from },
        { address: device.address(y), strides },
      );
      return y;
    },
  };
};
