import { backend_util, type DataType, type KernelFunc, type TensorInfo, upcastType, util } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import { broadcastStrides, countOf, mergeAxes, outerAxisWords } from './axes.ts';
import { WALK_BYTES } from './copy-view.ts';
import type { KernelSet } from './kernel-set.ts';
import { isWords } from './share.ts';

/** Numbers of the operations in `assembly/elementwise/binary.ts`. */
const arithmetic = { Add: 0, Sub: 1, Multiply: 2, RealDiv: 3, Maximum: 4, Minimum: 5, SquaredDifference: 6 } as const;
/** The comparisons there of float32; those of int32 come {@link INTEGERS} further. */
const comparisons = { Less: 7, LessEqual: 8, Equal: 9, NotEqual: 10 } as const;
const INTEGERS = 4;
/** `a > b` is `b < a`, with NaN too. */
const turned = { Greater: 'Less', GreaterEqual: 'LessEqual' } as const;
/** Numbers of the operations in `assembly/elementwise/unary.ts`. */
const unary = { Square: 0, Sqrt: 1, Rsqrt: 2, Reciprocal: 3, Relu: 4 } as const;

/** Values in a task: some microseconds. */
const TASK_VALUES = 32768;

/**
 * Arithmetic and comparisons with broadcasting, some functions of one value, and `Select`; arithmetic of other types than
 * float32, and comparisons of bool, are tfjs's. Its `Select` takes bool for words of four bytes, and writes outside of what it
 * makes.
 */
export const elementwiseKernels: KernelSet = (device, stock) => {
  const kernels: Record<string, KernelFunc> = {};
  for (const [name, operation] of Object.entries(arithmetic)) {
    kernels[name] = (params) => {
      const { a, b } = params.inputs as { a: TensorInfo; b: TensorInfo };
      if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock(name)(params);
      return binary(device, operation, a, b, 'float32');
    };
  }
  const compare = (name: string, operation: number, turn: boolean): KernelFunc => {
    return (params) => {
      const { a, b } = params.inputs as { a: TensorInfo; b: TensorInfo };
      if (a.dtype !== b.dtype || !isWords(a)) return stock(name)(params);
      const kind = a.dtype === 'int32' ? operation + INTEGERS : operation;
      return turn ? binary(device, kind, b, a, 'bool') : binary(device, kind, a, b, 'bool');
    };
  };
  for (const [name, operation] of Object.entries(comparisons)) kernels[name] = compare(name, operation, false);
  for (const [name, other] of Object.entries(turned)) kernels[name] = compare(name, comparisons[other], true);
  for (const [name, operation] of Object.entries(unary)) {
    kernels[name] = (params) => {
      const { x } = params.inputs as { x: TensorInfo };
      if (x.dtype !== 'float32') return stock(name)(params);
      const y = device.output(x.shape);
      const count = util.sizeFromShape(x.shape);
      const words = [device.address(x), device.address(y), operation, count, TASK_VALUES];
      device.launch(Kernel.Unary, Math.ceil(count / TASK_VALUES), words);
      return y;
    };
  }
  kernels.Select = (params) => {
    const { condition, t, e } = params.inputs as { condition: TensorInfo; t: TensorInfo; e: TensorInfo };
    const alike = [condition, e].every(({ shape }) => util.arraysEqual(shape, t.shape));
    const known = [t, e].every((x) => isWords(x) || x.dtype === 'bool');
    if (!alike || !known || condition.dtype !== 'bool') return stock('Select')(params);
    const dtype = upcastType(t.dtype, e.dtype);
    const cast = (x: TensorInfo) => stock('Cast')({ inputs: { x }, attrs: { dtype }, backend: device.backend }) as TensorInfo;
    const values = [t, e].map((x) => (x.dtype === dtype ? x : cast(x)));
    const y = device.output(t.shape, dtype);
    const count = util.sizeFromShape(t.shape);
    const addresses = [condition, ...values, y].map((tensor) => device.address(tensor));
    const kernel = dtype === 'bool' ? Kernel.SelectBytes : Kernel.Select;
    device.launch(kernel, Math.ceil(count / TASK_VALUES), [...addresses, count, TASK_VALUES]);
    for (const value of values) if (value !== t && value !== e) device.backend.disposeData(value.dataId);
    return y;
  };
  return kernels;
};

function binary(device: Device, operation: number, a: TensorInfo, b: TensorInfo, dtype: DataType): TensorInfo {
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const y = device.output(shape, dtype);
  if (shape.includes(0)) return y;
  const axes = mergeAxes(shape, broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape));
  const { length, strides } = axes.pop() ?? { length: 1, strides: [1, 1] };
  const chunk = Math.min(length, TASK_VALUES);
  const chunks = Math.ceil(length / chunk);
  const units = chunks * countOf(axes);
  const unitsPerTask = Math.max(1, Math.floor(TASK_VALUES / chunk));
  const addresses = [a, b, y].map((tensor) => device.address(tensor));
  const words = [...addresses, operation, length, 4 * strides[0], 4 * strides[1], chunk, chunks, units, unitsPerTask];
  device.launch(Kernel.Binary, Math.ceil(units / unitsPerTask), [...words, ...outerAxisWords(axes)], [], WALK_BYTES);
  return y;
}
