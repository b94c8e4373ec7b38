import { TILE_ROWS } from '../../src/product-blocks';
import { madd, storePair } from '../simd';

/**
 * Of `count` blocks one below the other, each `c [6, 8] = start [6, 8] + a b`, from the panels `a [depth, 6]` and `b [depth, 8]`, whose
 * rows are `aStep` and `bStep` bytes apart; the panels of A are `aPanel` bytes apart. `start` is what the sums begin with: the bias
 * (rows `startStride = 0` bytes apart), zeros, or `c` itself, to go on with a sum. `stride` is the distance of the rows of `c` in bytes.
 *
 * One step of depth per turn of the inner loop: V8 schedules the multiply-adds of a longer body behind all its loads, and then the
 * accumulators no longer fit the registers (57 GFLOP/s of 59 become 39).
 */
export function multiplyTiles(
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
    row += startStride;
    let c10 = v128.load(row);
    let c11 = v128.load(row, 16);
    row += startStride;
    let c20 = v128.load(row);
    let c21 = v128.load(row, 16);
    row += startStride;
    let c30 = v128.load(row);
    let c31 = v128.load(row, 16);
    row += startStride;
    let c40 = v128.load(row);
    let c41 = v128.load(row, 16);
    row += startStride;
    let c50 = v128.load(row);
    let c51 = v128.load(row, 16);
    let left = a;
    let right = b;
    for (let steps = depth; steps > 0; steps--) {
      const b0 = v128.load(right);
      const b1 = v128.load(right, 16);
      let x = v128.load32_splat(left);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(left, 4);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(left, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(left, 12);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(left, 16);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      x = v128.load32_splat(left, 20);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      left += aStep;
      right += bStep;
    }
    row = c;
    storePair(row, c00, c01);
    row += stride;
    storePair(row, c10, c11);
    row += stride;
    storePair(row, c20, c21);
    row += stride;
    storePair(row, c30, c31);
    row += stride;
    storePair(row, c40, c41);
    row += stride;
    storePair(row, c50, c51);
    a += aPanel;
    start += <usize>TILE_ROWS * startStride;
    c += <usize>TILE_ROWS * stride;
  }
}
