import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import { type Axis, countOf, mergeAxes, outerAxisWords } from './axes.ts';

/** Words of 32 bits at an address, and the distances of neighbours along each axis, in words. */
export type View = { address: number; strides: readonly number[] };

/** Words in a task: some microseconds. */
const TASK_WORDS = 16384;
/** Memory for a `Walk` (`assembly/axes.ts`). */
export const WALK_BYTES = 64;
/** Matrices with a shorter side are copied word by word. */
const SHORTEST_SIDE = 4;

/**
 * Copies the words of one view of memory to another of the same shape: slices, transposes, repetitions and reversals are such
 * copies. The shape's last axis should be the one along which `to` lies closest together.
 */
export function copyView(device: Device, shape: readonly number[], from: View, to: View): void {
  if (shape.includes(0)) return;
  copyAxes(device, mergeAxes(shape, from.strides, to.strides), from.address, to.address);
}

/** {@link copyView} with the axes merged before; there are at most 6. */
export function copyAxes(device: Device, axes: readonly Axis[], from: number, to: number): void {
  const last = axes.at(-1) ?? { length: 1, strides: [1, 1] };
  const outer = axes.slice(0, -1);
  const along = outer.findIndex(({ strides }) => strides[0] === 1);
  if (
    along >= 0 &&
    last.strides[0] !== 1 &&
    last.strides[1] === 1 &&
    Math.min(last.length, outer[along].length) >= SHORTEST_SIDE
  ) {
    transposeAxes(device, outer.toSpliced(along, 1), last, outer[along], from, to);
    return;
  }
  const chunk = Math.min(last.length, TASK_WORDS);
  const chunks = Math.ceil(last.length / chunk);
  const units = chunks * countOf(outer);
  const unitsPerTask = Math.max(1, Math.floor(TASK_WORDS / chunk));
  const words = [from, to, last.length, 4 * last.strides[0], 4 * last.strides[1], chunk, chunks, units, unitsPerTask];
  device.launch(Kernel.Copy, Math.ceil(units / unitsPerTask), [...words, ...outerAxisWords(outer)], [], WALK_BYTES);
}

/** `rows` is the axis that lies in one run in `to`, `columns` the one in `from`. */
function transposeAxes(device: Device, outer: readonly Axis[], rows: Axis, columns: Axis, from: number, to: number): void {
  const columnBlock = Math.min(columns.length, TASK_WORDS / 16);
  const columnBlocks = Math.ceil(columns.length / columnBlock);
  const rowBlock = Math.min(rows.length, 16 * Math.ceil(TASK_WORDS / 16 / columnBlock));
  const rowBlocks = Math.ceil(rows.length / rowBlock);
  const units = rowBlocks * columnBlocks * countOf(outer);
  const unitsPerTask = Math.max(1, Math.floor(TASK_WORDS / (rowBlock * columnBlock)));
  const sizes = [rows.length, columns.length, 4 * rows.strides[0], 4 * columns.strides[1]];
  const words = [from, to, ...sizes, rowBlock, rowBlocks, columnBlock, columnBlocks, units, unitsPerTask];
  device.launch(Kernel.Transpose, Math.ceil(units / unitsPerTask), [...words, ...outerAxisWords(outer)], [], WALK_BYTES);
}
