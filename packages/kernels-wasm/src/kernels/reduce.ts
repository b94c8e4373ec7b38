import { backend_util, type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import { countOf } from './axes.ts';
import type { KernelSet } from './kernel-set.ts';
import { share } from './share.ts';

/** Numbers of the operations in `assembly/reduce.ts`, and what they give of nothing (undefined: left to tfjs). */
const operations = {
  Sum: { kind: 0, ofNothing: 0 },
  Mean: { kind: 0, ofNothing: 0 },
  Max: { kind: 1, ofNothing: undefined },
  Min: { kind: 2, ofNothing: undefined },
  Prod: { kind: 3, ofNothing: 1 },
} as const;

/** Values in a task, and columns of it. */
const TASK_VALUES = 16384;
const MOST_VALUES_OF_RUN = 8192;
const MOST_COLUMNS = 2048;
/** Rows of a task, at least: what it writes is then little beside what it reads. */
const FEWEST_ROWS = 64;

/**
 * `Sum`, `Mean`, `Max`, `Min` and `Prod` of float32 over any axes; NaN where there is one. The rest is tfjs's.
 *
 * A sum of `n` values goes into 8 or 16 sums side by side, in chunks of at most 8192 that are then summed alike: the error is at
 * most about `(n / 16) 2^-24` of the sum of magnitudes for `n` up to 8192, and 520 `2^-24` beyond, where adding one by one has
 * `n 2^-24`.
 */
export const reduceKernels: KernelSet = (device, stock) =>
  Object.fromEntries(
    (Object.keys(operations) as (keyof typeof operations)[]).map((name): [string, KernelFunc] => [
      name,
      (params) => {
        const { x } = params.inputs as { x: TensorInfo };
        const attrs = params.attrs as unknown as {
          axis?: number | number[];
          reductionIndices?: number | number[];
          keepDims: boolean;
        };
        const axes = util.parseAxisParam((name === 'Max' ? attrs.reductionIndices : attrs.axis) as number | number[], x.shape);
        const [outShape, reduced] = backend_util.computeOutAndReduceShapes(x.shape, axes);
        const count = util.sizeFromShape(reduced);
        const { kind, ofNothing } = operations[name];
        if (x.dtype !== 'float32' || (count === 0 && ofNothing === undefined)) return stock(name)(params);
        const shape = attrs.keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
        const groups = groupAxes(x.shape, axes);
        if (!groups.some((group) => group.reduced)) return share(device, x, shape);
        const y = device.output(shape);
        if (count === 0) fill(device, y, ofNothing as number);
        else if (!x.shape.includes(0)) {
          reduceGroups(device, kind, groups, device.address(x), device.address(y), name === 'Mean' ? count : 1);
        }
        return y;
      },
    ]),
  );

type Group = { length: number; reduced: boolean };

/** Neighbouring axes that are all kept or all reduced, as one; without those of length 1. */
function groupAxes(shape: readonly number[], axes: readonly number[]): Group[] {
  return joinAlike(shape.map((length, axis) => ({ length, reduced: axes.includes(axis) })));
}

function joinAlike(groups: readonly Group[]): Group[] {
  const joined: Group[] = [];
  for (const group of groups) {
    if (group.length === 1) continue;
    const before = joined.at(-1);
    if (before?.reduced === group.reduced) joined[joined.length - 1] = { ...group, length: before.length * group.length };
    else joined.push(group);
  }
  return joined;
}

/** Reduces the innermost group that is to be reduced (into chunks, if it is long), and then what is left. */
function reduceGroups(device: Device, kind: number, groups: readonly Group[], x: number, y: number, divisor: number): void {
  const at = groups.findLastIndex(({ reduced }) => reduced);
  const [before, after] = [groups.slice(0, at), groups.slice(at + 1)];
  const { length } = groups[at];
  const inner = countOf(after);
  const outer = countOf(before);
  const block = Math.min(inner, MOST_COLUMNS);
  const blocks = Math.ceil(inner / block);
  const most = inner === 1 ? MOST_VALUES_OF_RUN : Math.max(FEWEST_ROWS, Math.floor((2 * TASK_VALUES) / block));
  const chunk = Math.ceil(length / Math.ceil(length / most));
  const chunks = Math.ceil(length / chunk);
  const left = joinAlike([...before, { length: chunks, reduced: true }, ...after]);
  const units = outer * chunks * blocks;
  const unitsPerTask = Math.max(1, Math.floor(TASK_VALUES / (chunk * block)));
  const launch = (to: number, by: number) => {
    const words = [x, to, length, inner, chunk, chunks, block, blocks, units, unitsPerTask, kind];
    device.launch(Kernel.Reduce, Math.ceil(units / unitsPerTask), words, [by]);
  };
  if (!left.some(({ reduced }) => reduced)) {
    launch(y, divisor);
    return;
  }
  device.withMemory(4 * outer * chunks * inner, (partial) => {
    launch(partial, 1);
    reduceGroups(device, kind, left, partial, y, divisor);
  });
}

function fill(device: Device, y: TensorInfo, value: number): void {
  new Float32Array(device.backend.wasm.HEAPU8.buffer, device.address(y), util.sizeFromShape(y.shape)).fill(value);
}
