import { VitrailError } from '@vitrail/core';

/**
 * One axis of several views of memory that go along together: its length, and the distance of neighbours in each view, in values.
 */
export type Axis = { length: number; strides: readonly number[] };

/** Axes besides the innermost that the kernels can go along (`assembly/axes.ts`). */
export const OUTER_AXES = 5;

/** The distances of neighbours along each axis of a row-major array. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** The strides of an array of shape `from` when it is read as one of shape `to`: 0 along the axes that are repeated. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = rowMajorStrides(from);
  const missing = to.length - from.length;
  return to.map((length, axis) => (axis < missing || (from[axis - missing] === 1 && length > 1) ? 0 : strides[axis - missing]));
}

/**
 * The axes of `shape`, slowest first, as seen by views with the given strides: without those of length 1, and with neighbours
 * merged that lie in one run in every view.
 *
 * @example mergeAxes([2, 1, 3, 4], [12, 12, 4, 1]) // [{ length: 24, strides: [1] }]
 */
export function mergeAxes(shape: readonly number[], ...views: readonly (readonly number[])[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const strides = views.map((view) => view[axis]);
    const before = axes.at(-1);
    if (before?.strides.every((stride, view) => stride === strides[view] * length)) {
      axes[axes.length - 1] = { length: before.length * length, strides };
    } else axes.push({ length, strides });
  });
  return axes;
}

/**
 * The axes besides the innermost as the kernels want them: fastest first, strides of two views in bytes, {@link OUTER_AXES} of
 * them.
 */
export function outerAxisWords(axes: readonly Axis[]): number[] {
  if (axes.length > OUTER_AXES)
    throw new VitrailError('invalid-argument', `expected at most 6 axes, but ${axes.length + 1} came`);
  const words = axes.toReversed().flatMap(({ length, strides: [p, q] }) => [length, 4 * p, 4 * q]);
  while (words.length < 3 * OUTER_AXES) words.push(1, 0, 0);
  return words;
}

/** The product of the lengths. */
export function countOf(axes: readonly { length: number }[]): number {
  return axes.reduce((count, { length }) => count * length, 1);
}
