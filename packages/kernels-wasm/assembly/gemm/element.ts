/** The address of element `(row, column)` of a matrix at `at`; the strides count floats. */
// @ts-ignore: decorator
@inline
export function element(at: usize, rowStride: i32, columnStride: i32, row: i32, column: i32): usize {
  return at + (((<usize>row) * <usize>rowStride + (<usize>column) * <usize>columnStride) << 2);
}
