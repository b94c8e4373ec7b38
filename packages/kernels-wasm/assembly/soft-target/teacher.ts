import { element } from '../gemm/element';
import { multiplyPacked } from '../gemm/multiply';
import { loadPart, splat, storePart } from '../math';
import { SoftTarget } from './arguments';

/**
 * `(zt Wt - center) / tau` of the tokens `[first, first + rows)` and the prototypes `[column, column + columns)`, in rows of `to`
 * that lie `stride` floats apart. `column` is a multiple of 16.
 */
export function teacherScores(
  args: SoftTarget,
  first: i32,
  rows: i32,
  column: i32,
  columns: i32,
  to: usize,
  stride: i32,
  scratch: usize,
): void {
  const width = args.teacherWidth;
  const features = element(args.teacherFeatures, width, 1, first, 0);
  const packed = args.teacherPacked + ((<usize>column * <usize>width) << 2);
  multiplyPacked(features, width, 1, rows, width, packed, columns, 0, to, stride, false, scratch);
  const center: usize = args.center == 0 ? 0 : args.center + ((<usize>column) << 2);
  for (let row = 0; row < rows; row++) centreRow(element(to, stride, 1, row, 0), center, columns, args.teacherFactor);
}

function centreRow(x: usize, center: usize, count: i32, factor: f32): void {
  const factors = splat(factor);
  for (; count >= 4; count -= 4) {
    let value = v128.load(x);
    if (center != 0) {
      value = f32x4.sub(value, v128.load(center));
      center += 16;
    }
    v128.store(x, f32x4.mul(value, factors));
    x += 16;
  }
  if (count == 0) return;
  let value = loadPart(x, count, 0);
  if (center != 0) value = f32x4.sub(value, loadPart(center, count, 0));
  storePart(x, f32x4.mul(value, factors), count);
}
