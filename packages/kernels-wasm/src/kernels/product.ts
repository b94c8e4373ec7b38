import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import { DEPTH_BLOCK, MULTIPLY_SCRATCH_BYTES, PANEL_COLUMNS, ROW_BLOCK, TILE_ROWS } from '../product-blocks.ts';

/** A matrix, or a batch of them, by address and distances in floats; one of the first two is 1. */
export type Operand = { address: number; rowStride: number; columnStride: number; batchStride: number };

/** A row-major matrix `[rows, columns]`, or its transpose. */
export function operand(address: number, rows: number, columns: number, transpose = false): Operand {
  const batchStride = rows * columns;
  return transpose
    ? { address, rowStride: 1, columnStride: columns, batchStride }
    : { address, rowStride: columns, columnStride: 1, batchStride };
}

/** What is done beside the product itself. */
export type ProductOptions = {
  batch?: number;
  /** Address of `[columns]` values that are added to each row. */
  bias?: number;
  /** Address of a matrix like `c` that is added to it. */
  residual?: number;
  /** Kind of the activation and the address of its values; `c` then gets its derivative at the sums. */
  activation?: { kind: number; address: number };
  /** Address for the sums of the columns of `b`, `[columns]`; not for a batch. */
  columnSums?: number;
};

/** Tasks that a product is divided into, if it is large enough; by columns only where the rows do not give as many. */
const TASKS = 16;
/** Columns of a block of the product, at least. */
const LEAST_COLUMNS = 64;
/** Values of `b` that are packed as one task, about; fewer are not worth waking a thread. */
const PACKED_VALUES = 2 ** 15;
/** Values of `a` that are packed once for all tasks, at most: 32 MiB. */
const MOST_SHARED_VALUES = 2 ** 23;
/** A product of at least as many parts of depth, and at most as many values, is deep: packing its operands for all tasks would cost most. */
const DEEP = 2;
const MOST_DEEP_VALUES = 2 ** 18;
/** Tasks of a deep product, a thread; one side of a block, at least. */
const DEEP_TASKS = 2;
const LEAST_DEEP_SIDE = 48;
/** Matrices of a batch with fewer multiply-adds than this are one task each; larger ones are divided. */
const SMALL_PRODUCT = 2 ** 21;

/**
 * `c [batch, rows, columns] = a [batch, rows, depth] b [batch, depth, columns] (+ bias) (+ residual)`, `c` row-major, and its
 * activation. Each element is summed in the order of depth, whatever the blocks and threads.
 */
export function product(
  device: Device,
  a: Operand,
  b: Operand,
  c: number,
  { rows, columns, depth }: { rows: number; columns: number; depth: number },
  { batch = 1, bias = 0, residual = 0, activation, columnSums = 0 }: ProductOptions = {},
): void {
  if (columns === 0 || batch === 0) return;
  const size = 4 * rows * columns;
  const words = (packedB: number, packedA: number, index: number, rowBlock: number, columnBlock: number) => [
    a.address + 4 * index * a.batchStride,
    a.rowStride,
    a.columnStride,
    a.batchStride,
    b.address + 4 * index * b.batchStride,
    b.columnStride,
    b.rowStride,
    b.batchStride,
    c + index * size,
    rows,
    columns,
    depth,
    bias,
    residual && residual + index * size,
    packedB,
    packedA,
    columnSums,
    rowBlock,
    columnBlock,
    activation?.kind ?? 0,
    activation === undefined ? 0 : activation.address + index * size,
  ];
  const isPlain = bias === 0 && residual === 0 && activation === undefined;
  const isDeep = isPlain && depth >= DEEP * DEPTH_BLOCK && rows * columns <= MOST_DEEP_VALUES;
  const bytesOfB = 4 * PANEL_COLUMNS * Math.ceil(columns / PANEL_COLUMNS) * depth;
  if (batch > 1 && rows * columns * depth < SMALL_PRODUCT) {
    device.launch(Kernel.MultiplyBatch, batch, words(0, 0, 0, rows, columns), [], bytesOfB + MULTIPLY_SCRATCH_BYTES);
    return;
  }
  if (isDeep) {
    const blocks = deepBlocks(rows, columns, device.threads);
    const bytes = 4 * blocks.columns * DEPTH_BLOCK + MULTIPLY_SCRATCH_BYTES;
    for (let index = 0; index < batch; index++) {
      device.launch(Kernel.MultiplyDeep, blocks.count, words(0, 0, index, blocks.rows, blocks.columns), [], bytes);
    }
    return;
  }
  const packedColumns = PANEL_COLUMNS * Math.ceil(PACKED_VALUES / Math.max(1, depth) / PANEL_COLUMNS);
  const rowBlocks = Math.ceil(rows / ROW_BLOCK);
  const share = Math.ceil(columns / Math.ceil(TASKS / Math.max(1, rowBlocks)));
  const columnBlock = PANEL_COLUMNS * Math.ceil(Math.max(share, LEAST_COLUMNS) / PANEL_COLUMNS);
  const columnBlocks = Math.ceil(columns / columnBlock);
  // Rows that one task needs are packed by that task; few values, and more than there should be twice, by every task that needs them.
  const valuesOfA = TILE_ROWS * Math.ceil(rows / TILE_ROWS) * depth;
  const sharesA = columnBlocks > 1 && valuesOfA >= PACKED_VALUES && valuesOfA <= MOST_SHARED_VALUES;
  const bytesOfA = sharesA ? 4 * valuesOfA : 0;
  const packTasks = Math.ceil(columns / packedColumns) + (sharesA ? rowBlocks : 0);
  device.withMemory(bytesOfB + bytesOfA, (packedB) => {
    const packedA = sharesA ? packedB + bytesOfB : 0;
    for (let index = 0; index < batch; index++) {
      device.launch(Kernel.Pack, packTasks, words(packedB, packedA, index, ROW_BLOCK, packedColumns));
      const multiplication = words(packedB, packedA, index, ROW_BLOCK, columnBlock);
      device.launch(Kernel.Multiply, rowBlocks * columnBlocks, multiplication, [], MULTIPLY_SCRATCH_BYTES);
    }
  });
}

/**
 * Blocks of a deep product: the longer side is divided first. What a task packs is packed again by others, so that there are only as many as
 * keep all threads busy. Sums do not depend on it.
 */
function deepBlocks(rows: number, columns: number, threads: number): { rows: number; columns: number; count: number } {
  const wanted = threads === 1 ? 1 : DEEP_TASKS * threads;
  const parts = (side: number, most: number) => Math.max(1, Math.min(most, Math.floor(side / LEAST_DEEP_SIDE)));
  const byColumns = columns >= rows;
  const long = parts(byColumns ? columns : rows, wanted);
  const short = parts(byColumns ? rows : columns, Math.ceil(wanted / long));
  const [rowParts, columnParts] = byColumns ? [short, long] : [long, short];
  const rowBlock = TILE_ROWS * Math.ceil(rows / rowParts / TILE_ROWS);
  const columnBlock = PANEL_COLUMNS * Math.ceil(columns / columnParts / PANEL_COLUMNS);
  return { rows: rowBlock, columns: columnBlock, count: Math.ceil(rows / rowBlock) * Math.ceil(columns / columnBlock) };
}
