import { DEPTH_BLOCK, PANEL_COLUMNS, TILE_ROWS } from '../product-blocks.ts';

/** A deep product has at least so many steps of depth and at most so many values: packing its operands for all tasks would cost most. */
const LEAST_DEPTH = 2 * DEPTH_BLOCK;
const MOST_VALUES = 2 ** 18;
/** Tasks for each of several threads. */
const TASKS_PER_THREAD = 2;
/** Rows or columns of a block, at least. */
const LEAST_SIDE = 48;
/** Columns of a block, at most: what a task packs at a time (512 KiB) then stays in the L2 cache. */
const MOST_COLUMNS = 512;

/** Whether a product is deep beside its sides, as gradients of weights are. */
export function isDeepProduct({ rows, columns, depth }: { rows: number; columns: number; depth: number }): boolean {
  return rows > 0 && depth >= LEAST_DEPTH && rows * columns <= MOST_VALUES;
}

/**
 * How a deep product is divided. The longer side first: each task packs its rows and columns itself, so that others pack them again, and there are
 * only as many tasks as keep all threads busy. No sum depends on it.
 */
export function deepBlocks(
  rows: number,
  columns: number,
  threads: number,
): { rowBlock: number; columnBlock: number; tasks: number } {
  const tasks = threads === 1 ? 1 : TASKS_PER_THREAD * threads;
  const parts = (side: number, most: number) => Math.max(1, Math.min(most, Math.floor(side / LEAST_SIDE)));
  const ofLonger = parts(Math.max(rows, columns), tasks);
  const ofShorter = parts(Math.min(rows, columns), Math.ceil(tasks / ofLonger));
  const [rowParts, columnParts] = columns >= rows ? [ofShorter, ofLonger] : [ofLonger, ofShorter];
  const rowBlock = TILE_ROWS * Math.ceil(rows / rowParts / TILE_ROWS);
  const columnBlock = PANEL_COLUMNS * Math.ceil(Math.min(columns / columnParts, MOST_COLUMNS) / PANEL_COLUMNS);
  return { rowBlock, columnBlock, tasks: Math.ceil(rows / rowBlock) * Math.ceil(columns / columnBlock) };
}
