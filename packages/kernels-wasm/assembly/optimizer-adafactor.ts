import { madd } from './simd';

/** What a launch does, one after the other. The second has one task per matrix, the others one per block of rows. */
enum Step {
  /** Row means into the new row moments, and the sums of each column of the block. */
  Squares,
  /** The new column moments, and what rows and columns of gradients are multiplied by. */
  Factors,
  /** Sums of squares of the direction and of the parameter over the block. */
  Norms,
  Update,
}

@unmanaged
export class AdafactorArgs {
  step: i32;
  blocks: usize;
  matrices: usize;
  /** 0, or the number that gradients are multiplied by. */
  gradientScale: usize;
  /** Two float64 a block. */
  sums: usize;
  /** Whether parameters' squares are summed too. */
  sumParams: i32;
  beta2: f32;
  /** `1 - beta2`. */
  share: f32;
}

/** Some rows of a matrix. */
@unmanaged
class Block {
  matrix: i32;
  firstRow: i32;
  rows: i32;
  /** Sums of the columns of this block, `[columns]`. */
  columnSums: usize;
}

/** A matrix `[rows, columns]`, or a vector as a matrix of one row, which has column moments only. */
@unmanaged
class Matrix {
  rows: i32;
  columns: i32;
  param: usize;
  gradient: usize;
  newParam: usize;
  /** 0 for a vector. */
  rowMoments: usize;
  newRowMoments: usize;
  columnMoments: usize;
  newColumnMoments: usize;
  rowFactors: usize;
  columnFactors: usize;
  /** Sums of columns of all blocks, one after the other. */
  columnSums: usize;
  blocks: i32;
  /** `1 - rate decay`. */
  shrink: f32;
  /** What the direction is multiplied by. */
  length: f32;
}

/** epsilon_1: added to squared gradients. */
const FLOOR: f32 = 1e-30;

/**
 * One task of one step of Adafactor; the formulas are in `adafactor.ts` of `@vitrail/optim`. Gradients are read three times,
 * parameters once.
 */
export function adafactorTask(args: AdafactorArgs, task: i32): void {
  if (args.step == Step.Factors) {
    const matrix = changetype<Matrix>(args.matrices + <usize>(task * offsetof<Matrix>()));
    columnFactors(args, matrix);
    rowFactors(matrix);
    return;
  }
  const block = changetype<Block>(args.blocks + <usize>(task * offsetof<Block>()));
  const matrix = changetype<Matrix>(args.matrices + <usize>(block.matrix * offsetof<Matrix>()));
  const scale: f32 = args.gradientScale == 0 ? 1 : load<f32>(args.gradientScale);
  if (args.step == Step.Squares) return squares(args, matrix, block, scale);
  if (args.step == Step.Norms) return norms(args, matrix, block, scale, args.sums + ((<usize>task) << 4));
  update(matrix, block, scale);
}

function squares(args: AdafactorArgs, matrix: Matrix, block: Block, scale: f32): void {
  const columns = matrix.columns;
  memory.fill(block.columnSums, 0, (<usize>columns) << 2);
  for (let r = block.firstRow; r < block.firstRow + block.rows; r++) {
    const sum = squaresOfRow(matrix.gradient + (((<usize>r) * <usize>columns) << 2), block.columnSums, columns, scale);
    if (matrix.rowMoments == 0) continue;
    const mean = <f32>(sum / <f64>columns);
    const offset = (<usize>r) << 2;
    store<f32>(matrix.newRowMoments + offset, load<f32>(matrix.rowMoments + offset) * args.beta2 + mean * args.share);
  }
}

/** The sum over a row of `g^2 + 1e-30`, which is also added to `sums` by column. */
function squaresOfRow(gradient: usize, sums: usize, columns: i32, scale: f32): f64 {
  const scales = f32x4.splat(scale);
  const floor = f32x4.splat(FLOOR);
  let total: f64 = 0;
  let left = columns;
  while (left >= 4) {
    // One float32 sum of at most 64 numbers a lane, so that nothing is lost in long rows.
    let lanes = f32x4.splat(0);
    for (let turns = min(left >> 2, 64); turns > 0; turns--) {
      const g = f32x4.mul(v128.load(gradient), scales);
      const square = madd(g, g, floor);
      lanes = f32x4.add(lanes, square);
      v128.store(sums, f32x4.add(v128.load(sums), square));
      gradient += 16;
      sums += 16;
      left -= 4;
    }
    const pairs = f32x4.add(lanes, i64x2.shuffle(lanes, lanes, 1, 1));
    total += <f64>(f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1));
  }
  for (; left > 0; left--) {
    const g = load<f32>(gradient) * scale;
    const square = g * g + FLOOR;
    total += <f64>square;
    store<f32>(sums, load<f32>(sums) + square);
    gradient += 4;
    sums += 4;
  }
  return total;
}

/** `columns' = beta2 columns + (1 - beta2) means`, and their inverse roots. */
function columnFactors(args: AdafactorArgs, matrix: Matrix): void {
  const rows = <f32>matrix.rows;
  for (let c = 0; c < matrix.columns; c++) {
    const offset = (<usize>c) << 2;
    let sum: f32 = 0;
    let at = matrix.columnSums + offset;
    for (let block = 0; block < matrix.blocks; block++) {
      sum += load<f32>(at);
      at += (<usize>matrix.columns) << 2;
    }
    const moment = load<f32>(matrix.columnMoments + offset) * args.beta2 + (sum / rows) * args.share;
    store<f32>(matrix.newColumnMoments + offset, moment);
    store<f32>(matrix.columnFactors + offset, 1 / sqrt<f32>(moment));
  }
}

/** `sqrt(mean(rows')) / sqrt(rows')`, or 1 for a vector. */
function rowFactors(matrix: Matrix): void {
  if (matrix.rowMoments == 0) return store<f32>(matrix.rowFactors, 1);
  let sum: f64 = 0;
  for (let r = 0; r < matrix.rows; r++) sum += <f64>load<f32>(matrix.newRowMoments + ((<usize>r) << 2));
  const root = sqrt<f32>(<f32>(sum / <f64>matrix.rows));
  for (let r = 0; r < matrix.rows; r++) {
    const offset = (<usize>r) << 2;
    store<f32>(matrix.rowFactors + offset, (1 / sqrt<f32>(load<f32>(matrix.newRowMoments + offset))) * root);
  }
}

function norms(args: AdafactorArgs, matrix: Matrix, block: Block, scale: f32, sums: usize): void {
  let directions = f64x2.splat(0);
  let params: f64 = 0;
  const scales = f32x4.splat(scale);
  for (let r = block.firstRow; r < block.firstRow + block.rows; r++) {
    const offset = ((<usize>r) * <usize>matrix.columns) << 2;
    const rowFactor = v128.load32_splat(matrix.rowFactors + ((<usize>r) << 2));
    let gradient = matrix.gradient + offset;
    let factors = matrix.columnFactors;
    let left = matrix.columns;
    for (; left >= 4; left -= 4) {
      const d = f32x4.mul(f32x4.mul(f32x4.mul(v128.load(gradient), scales), rowFactor), v128.load(factors));
      const low = f64x2.promote_low_f32x4(d);
      const high = f64x2.promote_low_f32x4(i64x2.shuffle(d, d, 1, 1));
      directions = f64x2.add(directions, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
      gradient += 16;
      factors += 16;
    }
    for (; left > 0; left--) {
      const d = f32x4.mul(f32x4.mul(f32x4.mul(v128.load32_zero(gradient), scales), rowFactor), v128.load32_zero(factors));
      const low = f64x2.promote_low_f32x4(d);
      directions = f64x2.add(directions, f64x2.mul(low, f64x2.replace_lane(low, 1, 0)));
      gradient += 4;
      factors += 4;
    }
    if (args.sumParams != 0) params += sumOfSquares(matrix.param + offset, matrix.columns);
  }
  store<f64>(sums, f64x2.extract_lane(directions, 0) + f64x2.extract_lane(directions, 1));
  store<f64>(sums + 8, params);
}

function sumOfSquares(values: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (; count > 0; count--) {
    const value = <f64>load<f32>(values);
    sum += value * value;
    values += 4;
  }
  return sum;
}

function update(matrix: Matrix, block: Block, scale: f32): void {
  const scales = f32x4.splat(scale);
  const shrink = f32x4.splat(matrix.shrink);
  const negativeLength = f32x4.splat(-matrix.length);
  for (let r = block.firstRow; r < block.firstRow + block.rows; r++) {
    const offset = ((<usize>r) * <usize>matrix.columns) << 2;
    const rowFactor = v128.load32_splat(matrix.rowFactors + ((<usize>r) << 2));
    let param = matrix.param + offset;
    let gradient = matrix.gradient + offset;
    let newParam = matrix.newParam + offset;
    let factors = matrix.columnFactors;
    let left = matrix.columns;
    for (; left >= 4; left -= 4) {
      const d = f32x4.mul(f32x4.mul(f32x4.mul(v128.load(gradient), scales), rowFactor), v128.load(factors));
      v128.store(newParam, madd(d, negativeLength, f32x4.mul(v128.load(param), shrink)));
      param += 16;
      gradient += 16;
      newParam += 16;
      factors += 16;
    }
    for (; left > 0; left--) {
      const d = f32x4.mul(f32x4.mul(f32x4.mul(v128.load32_zero(gradient), scales), rowFactor), v128.load32_zero(factors));
      v128.store_lane<f32>(newParam, madd(d, negativeLength, f32x4.mul(v128.load32_zero(param), shrink)), 0);
      param += 4;
      gradient += 4;
      newParam += 4;
      factors += 4;
    }
  }
}
