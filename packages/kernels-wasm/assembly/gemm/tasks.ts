import { DEPTH_BLOCK } from '../../src/product-blocks';
import { activateKeepingDerivative } from '../activation';
import { storePair } from '../simd';
import { element } from './element';
import { multiplyPacked, PACKED, packAllColumns, packAllRows, packedColumnsBytes, packedRowsBytes } from './multiply';
import { sumPackedColumns } from './pack';

/** A product `c = a b (+ bias)` and how it is divided into tasks. Strides count floats; every field is 32 bits, in this order. */
@unmanaged
export class Product {
  a: usize;
  aRowStride: i32;
  aDepthStride: i32;
  aBatchStride: i32;
  b: usize;
  bColumnStride: i32;
  bDepthStride: i32;
  bBatchStride: i32;
  c: usize;
  rows: i32;
  columns: i32;
  depth: i32;
  /** 0, or `[columns]`. */
  bias: usize;
  /** 0, or a matrix like `c` that is added to it. */
  residual: usize;
  /** Where B lies packed, in {@link multiplyTask}; and A, or 0 where each task packs its own rows. */
  packedB: usize;
  packedA: usize;
  /** 0, or where the sums of the columns of B go, `[columns]`; with {@link packTask}. */
  columnSums: usize;
  rowBlock: i32;
  columnBlock: i32;
  /** Kind of the activation, 0 for none, and where its values go: `c` then gets its derivative at the sums. */
  activation: i32;
  activated: usize;
}

/**
 * Packs a block of columns of B, and adds each up if that is asked for; or, after the last of these, a block of rows of A.
 */
export function packTask(product: Product, task: i32): void {
  const depth = product.depth;
  const columnTasks = (product.columns + product.columnBlock - 1) / product.columnBlock;
  if (task >= columnTasks) {
    const first = (task - columnTasks) * product.rowBlock;
    const rows = min(product.rows - first, product.rowBlock);
    const a = element(product.a, product.aRowStride, product.aDepthStride, first, 0);
    packAllRows(a, product.aRowStride, product.aDepthStride, rows, depth, product.packedA + packedRowsBytes(first, depth));
    return;
  }
  const first = task * product.columnBlock;
  const columns = min(product.columns - first, product.columnBlock);
  const b = element(product.b, product.bDepthStride, product.bColumnStride, 0, first);
  const packed = product.packedB + packedColumnsBytes(first, depth);
  packAllColumns(b, product.bColumnStride, product.bDepthStride, columns, depth, packed);
  if (product.columnSums != 0) sumPackedColumns(packed, columns, depth, product.columnSums + ((<usize>first) << 2), false);
}

/** Computes one block of rows and columns. */
export function multiplyTask(product: Product, task: i32, scratch: usize): void {
  const columnBlocks = (product.columns + product.columnBlock - 1) / product.columnBlock;
  const row = (task / columnBlocks) * product.rowBlock;
  const column = (task % columnBlocks) * product.columnBlock;
  const packedB = product.packedB + packedColumnsBytes(column, product.depth);
  const columns = min(product.columns - column, product.columnBlock);
  if (product.packedA == 0) {
    const a = element(product.a, product.aRowStride, 1, row, 0);
    multiplyBlock(product, a, product.aRowStride, packedB, product.c, row, column, columns, scratch);
  } else {
    const a = product.packedA + packedRowsBytes(row, product.depth);
    multiplyBlock(product, a, PACKED, packedB, product.c, row, column, columns, scratch);
  }
}

/**
 * Computes one block of rows and columns of a product that is deep beside its sides, and packs what it needs of A and B itself, a part of
 * the depth at a time, which stays in the L2 cache. There is no bias, residual or activation.
 */
export function multiplyDeepTask(product: Product, task: i32, scratch: usize): void {
  const columnBlocks = (product.columns + product.columnBlock - 1) / product.columnBlock;
  const row = (task / columnBlocks) * product.rowBlock;
  const column = (task % columnBlocks) * product.columnBlock;
  const rows = min(product.rows - row, product.rowBlock);
  const columns = min(product.columns - column, product.columnBlock);
  const sums = row == 0 && product.columnSums != 0 ? product.columnSums + ((<usize>column) << 2) : 0;
  const a = element(product.a, product.aRowStride, 1, row, 0);
  const b = element(product.b, product.bColumnStride, 1, column, 0);
  const c = element(product.c, product.columns, 1, row, column);
  const rest = scratch + packedColumnsBytes(product.columnBlock, DEPTH_BLOCK);
  let done = 0;
  do {
    const steps = min(product.depth - done, DEPTH_BLOCK);
    const bPart = element(b, product.bDepthStride, 1, done, 0);
    packAllColumns(bPart, product.bColumnStride, product.bDepthStride, columns, steps, scratch);
    if (sums != 0) sumPackedColumns(scratch, columns, steps, sums, done > 0);
    const aPart = element(a, product.aDepthStride, 1, done, 0);
    const goesOn = done > 0;
    multiplyPacked(aPart, product.aRowStride, product.aDepthStride, rows, steps, scratch, columns, 0, c, product.columns, goesOn, rest);
    done += steps;
  } while (done < product.depth);
}

/** Computes one matrix of a batch, with B packed in the scratch memory. */
export function multiplyBatchTask(product: Product, task: i32, scratch: usize): void {
  const a = product.a + (((<usize>task) * <usize>product.aBatchStride) << 2);
  const b = product.b + (((<usize>task) * <usize>product.bBatchStride) << 2);
  const c = product.c + (((<usize>task) * <usize>product.rows * <usize>product.columns) << 2);
  packAllColumns(b, product.bColumnStride, product.bDepthStride, product.columns, product.depth, scratch);
  const rest = scratch + packedColumnsBytes(product.columns, product.depth);
  multiplyBlock(product, a, product.aRowStride, scratch, c, 0, 0, product.columns, rest);
}

function multiplyBlock(
  product: Product,
  a: usize,
  aRowStride: i32,
  packedB: usize,
  c: usize,
  row: i32,
  column: i32,
  columns: i32,
  scratch: usize,
): void {
  const rows = min(product.rows - row, product.rowBlock);
  const offset = element(0, product.columns, 1, row, column);
  const width = (<usize>product.columns) << 2;
  multiplyPacked(
    a,
    aRowStride,
    product.aDepthStride,
    rows,
    product.depth,
    packedB,
    columns,
    product.bias == 0 ? 0 : product.bias + ((<usize>column) << 2),
    c + offset,
    product.columns,
    false,
    scratch,
  );
  if (product.residual == 0 && product.activation == 0) return;
  for (let i = 0; i < rows; i++) {
    const at = offset + (<usize>i) * width;
    if (product.residual != 0) addRow(product.residual + at, c + at, columns);
    if (product.activation != 0) activateKeepingDerivative(product.activation, c + at, product.activated + at, columns);
  }
}

/** `to += from`, `count` floats. */
function addRow(from: usize, to: usize, count: i32): void {
  for (; count >= 8; count -= 8) {
    const sum0 = f32x4.add(v128.load(to), v128.load(from));
    const sum1 = f32x4.add(v128.load(to, 16), v128.load(from, 16));
    storePair(to, sum0, sum1);
    from += 32;
    to += 32;
  }
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    from += 4;
    to += 4;
  }
}
