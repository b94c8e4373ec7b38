/**
 * One matrix of a parameter, with addresses in the order of `Matrix` in `assembly/optimizer-adafactor.ts`, from `param` to
 * `newColumnMoments`.
 */
export type AdafactorMatrix = {
  /** Which parameter it belongs to. */
  param: number;
  rows: number;
  columns: number;
  addresses: readonly number[];
  shrink: number;
  length: number;
};

/** Sums of squares of a whole parameter. */
type Sums = { direction: number; param: number };

/** Words of `Block` and `Matrix`, and where a matrix has its length. */
const BLOCK_WORDS = 4;
const MATRIX_WORDS = 15;
export const LENGTH_WORD = 14;

/** Elements of a block, if its rows can be as many as they should be. */
const BLOCK = 2 ** 14;
/** Rows of a block: at least so many that sums of columns are few, at most so many that one float32 sum is right. */
const MINIMUM_ROWS = 16;
const MAXIMUM_ROWS = 256;

/**
 * How matrices are divided into blocks of rows, and where tables and temporary values lie in one piece of memory: two sums
 * (float64) per block, the blocks, the matrices, then row factors, column factors and sums of columns of each matrix.
 */
export function adafactorPlan(matrices: readonly AdafactorMatrix[]) {
  let blocks = 0;
  let floats = 0;
  const divided = matrices.map((matrix) => {
    const { rows, columns } = matrix;
    const blockRows = Math.min(MAXIMUM_ROWS, Math.max(MINIMUM_ROWS, Math.ceil(BLOCK / columns)));
    const count = Math.ceil(rows / blockRows);
    const first = { block: blocks, float: floats };
    blocks += count;
    floats += rows + columns + count * columns;
    return { matrix, blockRows, count, first };
  });
  const blocksAt = 16 * blocks;
  const matricesAt = blocksAt + 4 * BLOCK_WORDS * blocks;
  const floatsAt = matricesAt + 4 * MATRIX_WORDS * matrices.length;

  return {
    blocks,
    bytes: floatsAt + 4 * floats,
    matrixWords: MATRIX_WORDS,

    addresses: (memory: number) => ({ sums: memory, blocks: memory + blocksAt, matrices: memory + matricesAt }),

    /** Fills both tables. */
    write(buffer: ArrayBufferLike, memory: number): void {
      const words = new Int32Array(buffer, memory, floatsAt / 4);
      const numbers = new Float32Array(buffer, memory, floatsAt / 4);
      divided.forEach(({ matrix, blockRows, count, first }, i) => {
        const { rows, columns, addresses, shrink, length } = matrix;
        const rowFactors = memory + floatsAt + 4 * first.float;
        const columnFactors = rowFactors + 4 * rows;
        const columnSums = columnFactors + 4 * columns;
        const at = matricesAt / 4 + i * MATRIX_WORDS;
        words.set([rows, columns, ...addresses, rowFactors, columnFactors, columnSums, count], at);
        numbers.set([shrink, length], at + LENGTH_WORD - 1);
        for (let block = 0; block < count; block++) {
          const row = block * blockRows;
          const blockWords = [i, row, Math.min(blockRows, rows - row), columnSums + 4 * block * columns];
          words.set(blockWords, blocksAt / 4 + (first.block + block) * BLOCK_WORDS);
        }
      });
    },

    /** The sums of the blocks added up, in order. */
    sumsByParam(buffer: ArrayBufferLike, memory: number): Sums[] {
      const ofBlocks = new Float64Array(buffer, memory, 2 * blocks);
      const sums: Sums[] = [];
      for (const { matrix, count, first } of divided) {
        sums[matrix.param] ??= { direction: 0, param: 0 };
        for (let block = first.block; block < first.block + count; block++) {
          sums[matrix.param].direction += ofBlocks[2 * block];
          sums[matrix.param].param += ofBlocks[2 * block + 1];
        }
      }
      return sums;
    },
  };
}
