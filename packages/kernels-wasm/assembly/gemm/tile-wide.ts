import { TILE_ROWS } from '../../src/product-blocks';
import { madd, storePair } from '../simd';

/**
 * As {@link multiplyTiles}, of sixteen columns: `c [6, 16] = start [6, 16] + a b`, `b [depth, 16]`. The same sums in the same order, for
 * engines that run two vectors as one: 12 accumulators, two vectors of B and one of A then fill 15 of the 16 registers of 256 bits.
 * Elsewhere its 24 accumulators do not fit the registers, and it is a quarter slower.
 */
export function multiplyWideTiles(
  a: usize,
  aStep: usize,
  aPanel: usize,
  b: usize,
  bStep: usize,
  count: i32,
  depth: i32,
  start: usize,
  startStride: usize,
  c: usize,
  stride: usize,
): void {
  for (; count > 0; count--) {
    let row = start;
    let c00 = v128.load(row);
    let c01 = v128.load(row, 16);
    let c02 = v128.load(row, 32);
    let c03 = v128.load(row, 48);
    row += startStride;
    let c10 = v128.load(row);
    let c11 = v128.load(row, 16);
    let c12 = v128.load(row, 32);
    let c13 = v128.load(row, 48);
    row += startStride;
    let c20 = v128.load(row);
    let c21 = v128.load(row, 16);
    let c22 = v128.load(row, 32);
    let c23 = v128.load(row, 48);
    row += startStride;
    let c30 = v128.load(row);
    let c31 = v128.load(row, 16);
    let c32 = v128.load(row, 32);
    let c33 = v128.load(row, 48);
    row += startStride;
    let c40 = v128.load(row);
    let c41 = v128.load(row, 16);
    let c42 = v128.load(row, 32);
    let c43 = v128.load(row, 48);
    row += startStride;
    let c50 = v128.load(row);
    let c51 = v128.load(row, 16);
    let c52 = v128.load(row, 32);
    let c53 = v128.load(row, 48);
    let left = a;
    let right = b;
    for (let steps = depth; steps > 0; steps--) {
      const b0 = v128.load(right);
      const b1 = v128.load(right, 16);
      const b2 = v128.load(right, 32);
      const b3 = v128.load(right, 48);
      let x = v128.load32_splat(left);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      c02 = madd(x, b2, c02);
      c03 = madd(x, b3, c03);
      x = v128.load32_splat(left, 4);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      c12 = madd(x, b2, c12);
      c13 = madd(x, b3, c13);
      x = v128.load32_splat(left, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      c22 = madd(x, b2, c22);
      c23 = madd(x, b3, c23);
      x = v128.load32_splat(left, 12);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      c32 = madd(x, b2, c32);
      c33 = madd(x, b3, c33);
      x = v128.load32_splat(left, 16);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      c42 = madd(x, b2, c42);
      c43 = madd(x, b3, c43);
      x = v128.load32_splat(left, 20);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      c52 = madd(x, b2, c52);
      c53 = madd(x, b3, c53);
      left += aStep;
      right += bStep;
    }
    row = c;
    storePair(row, c00, c01);
    storePair(row + 32, c02, c03);
    row += stride;
    storePair(row, c10, c11);
    storePair(row + 32, c12, c13);
    row += stride;
    storePair(row, c20, c21);
    storePair(row + 32, c22, c23);
    row += stride;
    storePair(row, c30, c31);
    storePair(row + 32, c32, c33);
    row += stride;
    storePair(row, c40, c41);
    storePair(row + 32, c42, c43);
    row += stride;
    storePair(row, c50, c51);
    storePair(row + 32, c52, c53);
    a += aPanel;
    start += <usize>TILE_ROWS * startStride;
    c += <usize>TILE_ROWS * stride;
  }
}
