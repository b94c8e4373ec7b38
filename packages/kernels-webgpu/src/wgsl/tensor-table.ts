/** Words of the table before its first row: the gate (the bits of a float32), and room up to a vector of four. */
export const TABLE_HEADER = 4;

/**
 * For shaders that go over many tensors, each in blocks of its own, with a workgroup per block. Wants the binding `table` (u32) and the
 * uniform `tensors`. A row of the table has the tensor's first block.
 *
 * `row_of(block)` is where the row of the block's tensor begins: a binary search that all invocations of a workgroup make alike.
 *
 * @param words of a row
 * @param key which of them is the first block; the first by default. Tensors may have no blocks.
 */
export function tensorTable(words: number, key = 0): string {
  return /* wgsl */ `
fn row_of(block: u32) -> u32 {
  var low = 0u;
  var high = u.tensors - 1;
  while (low < high) {
    let middle = (low + high + 1) / 2;
    if (table[${TABLE_HEADER + key} + middle * ${words}] <= block) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return ${TABLE_HEADER} + low * ${words};
}
fn is_nan(bits: u32) -> bool {
  return (bits & 0x7fffffffu) > 0x7f800000u;
}`;
}
