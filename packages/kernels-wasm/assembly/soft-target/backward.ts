import { MULTIPLY_SCRATCH_BYTES } from '../../src/product-blocks';
import { PROTOTYPE_COLUMNS } from '../../src/soft-target-blocks';
import { element } from '../gemm/element';
import { multiplyPacked, packAllColumns } from '../gemm/multiply';
import { loadSome, splat, storeSome } from '../math';
import { exponentialsOf, largestOf, scaleRow } from '../rows';
import { storePair } from '../simd';
import { SoftTarget } from './arguments';
import { teacherScores } from './teacher';

/**
 * `dScores = dy (softmax(s) - P) / tau` of some tokens, and `dFeatures = dScores Ws^T`. The teacher's scores are in the scratch
 * memory.
 */
export function softTargetScoresTask(args: SoftTarget, task: i32, scratch: usize): void {
  const first = args.firstToken + task * args.rowBlock;
  const rows = min(args.endToken - first, args.rowBlock);
  const width = args.width;
  const prototypes = args.prototypes;
  const features = scratch + MULTIPLY_SCRATCH_BYTES;
  const teacher = features + ((<usize>args.rowBlock * <usize>width) << 2);
  const student = element(args.dScores, prototypes, 1, first - args.firstToken, 0);
  scaleRow(element(args.features, width, 1, first, 0), features, rows * width, args.studentFactor);
  multiplyPacked(features, width, 1, rows, width, args.packed, prototypes, 0, student, prototypes, false, scratch);
  teacherScores(args, first, rows, 0, prototypes, teacher, prototypes, scratch);
  for (let row = 0; row < rows; row++) {
    const weight = load<f32>(args.loss + ((<usize>(first + row)) << 2)) * args.studentFactor;
    subtractTargets(element(student, prototypes, 1, row, 0), element(teacher, prototypes, 1, row, 0), prototypes, weight);
  }
  const dFeatures = element(args.dFeatures, width, 1, first, 0);
  multiplyPacked(student, prototypes, 1, rows, prototypes, args.packedTurned, width, 0, dFeatures, width, false, scratch);
}

/** `s = (softmax(s) - softmax(t)) weight`. */
function subtractTargets(student: usize, teacher: usize, count: i32, weight: f32): void {
  const factor = splat(1 / exponentialsOf(student, student, count, largestOf(student, count), 1));
  const teacherFactor = splat(1 / exponentialsOf(teacher, teacher, count, largestOf(teacher, count), 1));
  const weights = splat(weight);
  for (; count >= 8; count -= 8) {
    const s0 = excess(v128.load(student), factor, v128.load(teacher), teacherFactor, weights);
    const s1 = excess(v128.load(student, 16), factor, v128.load(teacher, 16), teacherFactor, weights);
    storePair(student, s0, s1);
    student += 32;
    teacher += 32;
  }
  for (; count > 0; count -= 4) {
    storeSome(student, excess(loadSome(student, count, 0), factor, loadSome(teacher, count, 0), teacherFactor, weights), count);
    student += 16;
    teacher += 16;
  }
}

// @ts-ignore: decorator
@inline
function excess(student: v128, factor: v128, teacher: v128, teacherFactor: v128, weights: v128): v128 {
  return f32x4.mul(f32x4.sub(f32x4.mul(student, factor), f32x4.mul(teacher, teacherFactor)), weights);
}

/** `dPrototypes = zs^T dScores`, or added to what is there, for some prototypes and the tokens of this launch. */
export function softTargetPrototypesTask(args: SoftTarget, task: i32, scratch: usize): void {
  const column = task * PROTOTYPE_COLUMNS;
  const columns = min(args.prototypes - column, PROTOTYPE_COLUMNS);
  const tokens = args.endToken - args.firstToken;
  const width = args.width;
  const packed = scratch + MULTIPLY_SCRATCH_BYTES;
  const stride = args.prototypes;
  packAllColumns(element(args.dScores, stride, 1, 0, column), 1, stride, columns, tokens, packed);
  const features = element(args.features, width, 1, args.firstToken, 0);
  const to = element(args.dPrototypes, stride, 1, 0, column);
  multiplyPacked(features, 1, width, width, tokens, packed, columns, 0, to, stride, args.accumulate != 0, scratch);
}
