import type { Element } from './shader.ts';

/** Where numbers lie on the device: a whole buffer, or a part of one. */
export type Placement = {
  readonly buffer: GPUBuffer;
  /** In bytes; a multiple of `minStorageBufferOffsetAlignment`. */
  readonly offset: number;
  readonly bytes: number;
  readonly element: Element;
};

/** Bytes of a number. */
export function elementBytes(element: Element): number {
  return element === 'f16' ? 2 : 4;
}

/** How many numbers a shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** A tensor's buffer: whole words of four bytes. */
export function bufferBytes(count: number, element: Element): number {
  return 4 * Math.ceil((count * elementBytes(element)) / 4);
}
