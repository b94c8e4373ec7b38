import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import { packedBytes } from '../packed-bytes.ts';
import { DEPTH_BLOCK, MULTIPLY_SCRATCH_BYTES, PANEL_COLUMNS, ROW_BLOCK, TILE_ROWS } from '../product-blocks.ts';
import { deepBlocks, isDeepProduct } from './deep-product.ts';

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
  const bytesOfB = packedBytes(columns, depth);
  if (batch > 1 && rows * columns * depth < SMALL_PRODUCT) {
    device.launch(Kernel.MultiplyBatch, batch, words(0, 0, 0, rows, columns), [], bytesOfB + MULTIPLY_SCRATCH_BYTES);
    return;
  }
  const isPlain = bias === 0 && residual === 0 && activation === undefined;
  if (isPlain && isDeepProduct({ rows, columns, depth })) {
    const { rowBlock, columnBlock, tasks } = deepBlocks(rows, columns, device.threads);
    const bytes = packedBytes(columnBlock, DEPTH_BLOCK) + MULTIPLY_SCRATCH_BYTES;
    for (let index = 0; index < batch; index++) {
      device.launch(Kernel.MultiplyDeep, tasks, words(0, 0, index, rowBlock, columnBlock), [], bytes);
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
