import { MULTIPLY_SCRATCH_BYTES } from '../../src/product-blocks';
import { SCORE_COLUMNS } from '../../src/soft-target-blocks';
import { multiplyPacked } from '../gemm/multiply';
import { exp, expOfNegative, loadPart, log, splat, sumOfLanes } from '../math';
import { largestOf, scaleRow } from '../rows';
import { madd } from '../simd';
import { SoftTarget } from './arguments';
import { teacherScores } from './teacher';

/** What is known of a token after some of the prototypes; sums are relative to the largest score so far. */
@unmanaged
class Statistics {
  top: f32;
  /** Of `e^(s - top)`. */
  sum: f32;
  teacherTop: f32;
  /** Of `e^(t - teacherTop)`. */
  teacherSum: f32;
  /** Of `e^(t - teacherTop) (s - top)`. */
  cross: f32;
}

/**
 * The losses of some tokens: `log sum_k e^(s - top) - sum_k P (s - top)` from scores `s` and targets
 * `P = e^(t - teacherTop) / teacherSum`, which come a block of prototypes after the other and are never all there ("online"
 * softmax: Milakov, Gimelshein 2018, arXiv 1805.02867).
 */
export function softTargetTask(args: SoftTarget, task: i32, scratch: usize): void {
  const first = args.firstToken + task * args.rowBlock;
  const rows = min(args.endToken - first, args.rowBlock);
  const width = args.width;
  const features = scratch + MULTIPLY_SCRATCH_BYTES;
  const student = features + ((<usize>args.rowBlock * <usize>width) << 2);
  const teacher = student + ((<usize>args.rowBlock * SCORE_COLUMNS) << 2);
  const statistics = teacher + ((<usize>args.rowBlock * SCORE_COLUMNS) << 2);
  scaleRow(args.features + ((<usize>first * <usize>width) << 2), features, rows * width, args.studentFactor);
  for (let row = 0; row < rows; row++) startStatistics(statisticsOf(statistics, row));
  for (let column = 0; column < args.prototypes; column += SCORE_COLUMNS) {
    const columns = min(args.prototypes - column, SCORE_COLUMNS);
    const packed = args.packed + ((<usize>column * <usize>width) << 2);
    multiplyPacked(features, width, 1, rows, width, packed, columns, 0, student, SCORE_COLUMNS, false, scratch);
    teacherScores(args, first, rows, column, columns, teacher, SCORE_COLUMNS, scratch);
    for (let row = 0; row < rows; row++) {
      const offset = (<usize>row * SCORE_COLUMNS) << 2;
      addScores(statisticsOf(statistics, row), student + offset, teacher + offset, columns);
    }
  }
  for (let row = 0; row < rows; row++) {
    const now = statisticsOf(statistics, row);
    const loss = f32x4.extract_lane(log(splat(now.sum)), 0) - now.cross / now.teacherSum;
    store<f32>(args.loss + ((<usize>(first + row)) << 2), loss);
  }
}

// @ts-ignore: decorator
@inline
function statisticsOf(statistics: usize, row: i32): Statistics {
  return changetype<Statistics>(statistics + <usize>row * offsetof<Statistics>());
}

function startStatistics(now: Statistics): void {
  // Not -Infinity, from which no distance can be taken.
  now.top = -f32.MAX_VALUE;
  now.sum = 0;
  now.teacherTop = -f32.MAX_VALUE;
  now.teacherSum = 0;
  now.cross = 0;
}

function addScores(now: Statistics, student: usize, teacher: usize, count: i32): void {
  const top = max<f32>(now.top, largestOf(student, count));
  // A sum of 0 stays: where there is none yet, or only of e^-Infinity, the distance may be infinite. Either may be 0 without the
  // other.
  if (top > now.top && now.sum != 0) now.sum *= f32x4.extract_lane(exp(splat(now.top - top)), 0);
  if (top > now.top && now.teacherSum != 0) now.cross += (now.top - top) * now.teacherSum;
  now.top = top;
  const teacherTop = max<f32>(now.teacherTop, largestOf(teacher, count));
  if (teacherTop > now.teacherTop && now.teacherSum != 0) {
    const factor = f32x4.extract_lane(exp(splat(now.teacherTop - teacherTop)), 0);
    now.teacherSum *= factor;
    now.cross *= factor;
  }
  now.teacherTop = teacherTop;
  now.sum += sumOfExponentials(student, count, top);
  addCross(now, student, teacher, count);
}

function sumOfExponentials(x: usize, count: i32, largest: f32): f32 {
  const shift = splat(largest);
  let sum0 = splat(0);
  let sum1 = sum0;
  for (; count >= 8; count -= 8) {
    sum0 = f32x4.add(sum0, expOfNegative(f32x4.sub(v128.load(x), shift)));
    sum1 = f32x4.add(sum1, expOfNegative(f32x4.sub(v128.load(x, 16), shift)));
    x += 32;
  }
  for (; count > 0; count -= 4) {
    const part = count >= 4 ? v128.load(x) : loadPart(x, count, -Infinity);
    sum0 = f32x4.add(sum0, expOfNegative(f32x4.sub(part, shift)));
    x += 16;
  }
  return sumOfLanes(f32x4.add(sum0, sum1));
}

function addCross(now: Statistics, student: usize, teacher: usize, count: i32): void {
  const shift = splat(now.top);
  const teacherShift = splat(now.teacherTop);
  let sum = splat(0);
  let cross = splat(0);
  for (; count >= 4; count -= 4) {
    const e = expOfNegative(f32x4.sub(v128.load(teacher), teacherShift));
    sum = f32x4.add(sum, e);
    cross = madd(e, f32x4.sub(v128.load(student), shift), cross);
    student += 16;
    teacher += 16;
  }
  if (count > 0) {
    const e = expOfNegative(f32x4.sub(loadPart(teacher, count, -Infinity), teacherShift));
    sum = f32x4.add(sum, e);
    cross = madd(e, f32x4.sub(loadPart(student, count, now.top), shift), cross);
  }
  now.teacherSum += sumOfLanes(sum);
  now.cross += sumOfLanes(cross);
}
