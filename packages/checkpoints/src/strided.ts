/** How a tensor lies in memory: element `i` of an axis is `i * strides[axis]` elements from the first, which is at `offset`. */
export type Layout = { readonly shape: readonly number[]; readonly strides: readonly number[]; readonly offset: number };

/** The strides of a tensor whose last axis runs fastest. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** The strides of a tensor whose first axis runs fastest, as Fortran keeps it. */
export function columnMajorStrides(shape: readonly number[]): number[] {
  return rowMajorStrides([...shape].reverse()).reverse();
}

/** Whether the elements lie one after the other in row-major order, wherever the first is. */
export function isRowMajor({ shape, strides }: Layout): boolean {
  const expected = rowMajorStrides(shape);
  return shape.includes(0) || shape.every((length, axis) => length === 1 || strides[axis] === expected[axis]);
}

/** One past the last element, from the first: 0 for a tensor that has none. */
export function span({ shape, strides }: Layout): number {
  if (shape.includes(0)) return 0;
  return 1 + shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis], 0);
}

/**
 * The elements of a strided tensor in row-major order.
 *
 * @param bytes of the memory that it lies in, every element within.
 * @param width bytes of an element: 1, 2, 4 or 8.
 */
export function gather(bytes: Uint8Array, width: number, { shape, strides, offset }: Layout): Uint8Array<ArrayBuffer> {
  // Eight bytes are two halves of four: as floats, bits that are no number could change on the way.
  if (width === 8) {
    const doubled = { shape: [...shape, 2], strides: [...strides.map((stride) => 2 * stride), 1], offset: 2 * offset };
    return gather(bytes, 4, doubled);
  }
  const array = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
  const { buffer, byteOffset, length } = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const from = new array(buffer as ArrayBuffer, byteOffset, Math.floor(length / width));
  const to = new array(shape.reduce((count, axis) => count * axis, 1));
  const [rows, columns] = [shape.slice(0, -1), shape.length === 0 ? 1 : shape[shape.length - 1]];
  const step = shape.length === 0 ? 1 : strides[shape.length - 1];
  const index = new Array<number>(rows.length).fill(0);
  for (let at = 0, start = offset; at < to.length; ) {
    for (let column = 0, place = start; column < columns; column++, place += step) to[at++] = from[place];
    // The next row: the last index that has room goes on, those after it start anew.
    let axis = rows.length - 1;
    for (; axis >= 0 && index[axis] === rows[axis] - 1; axis--) {
      start -= index[axis] * strides[axis];
      index[axis] = 0;
    }
    if (axis < 0) break;
    index[axis]++;
    start += strides[axis];
  }
  return new Uint8Array(to.buffer);
}

/** Reverses the bytes of every element in place: big-endian to little-endian. */
export function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}
