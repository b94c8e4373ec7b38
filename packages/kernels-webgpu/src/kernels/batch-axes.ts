/** An axis of a batch: how many matrices lie along it, and how far apart they are in each of two operands, in elements. */
export type BatchAxis = { readonly length: number; readonly strides: readonly [a: number, b: number] };

/**
 * The axes of a batch that two operands are broadcast to, slowest first; a stride is 0 where an operand is repeated. Axes that both
 * operands go along without a gap are merged, those of length 1 left out.
 *
 * @param sizes elements of a matrix of either operand
 * @example batchAxes([2, 3], [2, 3], [1, 3], [10, 20]) // [{ length: 2, strides: [30, 0] }, { length: 3, strides: [10, 20] }]
 */
export function batchAxes(
  batch: readonly number[],
  aBatch: readonly number[],
  bBatch: readonly number[],
  sizes: readonly [number, number],
): BatchAxis[] {
  const aStrides = broadcastStrides(aBatch, batch, sizes[0]);
  const bStrides = broadcastStrides(bBatch, batch, sizes[1]);
  const axes: BatchAxis[] = [];
  batch.forEach((length, axis) => {
    if (length === 1) return;
    const strides = [aStrides[axis], bStrides[axis]] as const;
    const before = axes.at(-1);
    if (before?.strides.every((stride, view) => stride === strides[view] * length)) {
      axes[axes.length - 1] = { length: before.length * length, strides };
    } else axes.push({ length, strides });
  });
  return axes;
}

function broadcastStrides(from: readonly number[], to: readonly number[], size: number): number[] {
  const strides = new Array<number>(to.length).fill(0);
  let stride = size;
  for (let axis = 1; axis <= from.length; axis++) {
    const length = from[from.length - axis];
    if (length > 1) strides[to.length - axis] = stride;
    stride *= length;
  }
  return strides;
}
