import { tensorTable } from './tensor-table.ts';

/**
 * The words of a row of Adafactor's table, in order. A parameter is a stack of matrices with `rows` rows each; a vector is a matrix of one
 * column without column moments, whose second moment takes the place of the row moments. Places are in numbers.
 */
export const ADAFACTOR_WORDS = [
  'firstRowBlock',
  'firstColumnBlock',
  'firstMatrix',
  'firstBlock',
  'size',
  'rows',
  'columns',
  'lanesPerRow',
  'isMatrix',
  'param',
  'gradient',
  'rowMoments',
  'newRowMoments',
  'columnMoments',
  'newColumnMoments',
  'newParam',
  'firstPartial',
  'keep', // `1 - rate decay`, a float32
  'rate', // a float32
] as const;

/** One of {@link ADAFACTOR_WORDS}. */
export type AdafactorWord = (typeof ADAFACTOR_WORDS)[number];

/** Rows whose squares are added to one partial sum per column, and columns of a workgroup that does so. */
export const CHUNK_ROWS = 1024;
export const TILE_COLUMNS = 32;

/** Elements of a block where every element is for itself. */
export const ADAFACTOR_BLOCK = 1024;

/** `row_of` with the given word as the first block, and the words' places in a row as constants of their names in capitals. */
export function adafactorTable(key: AdafactorWord): string {
  const constants = ADAFACTOR_WORDS.map((word, i) => `const ${constantOf(word)} = ${i}u;`);
  return `${constants.join('\n')}\n${tensorTable(ADAFACTOR_WORDS.length, ADAFACTOR_WORDS.indexOf(key))}\n${SQUARES}`;
}

function constantOf(word: AdafactorWord): string {
  return word.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** epsilon_1 of the paper keeps squares above 0. */
const SQUARES = /* wgsl */ `
fn floored_square(g: f32) -> f32 {
  return g * g + 1e-30;
}`;
