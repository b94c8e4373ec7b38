import { kernelImports } from './kernel-imports.ts';
import { PANEL_COLUMNS, TILE_COLUMNS, TILE_ROWS } from './product-blocks.ts';
import type { TfjsWasmBackend } from './tfjs-wasm-backend.ts';

/** `multiplyTiles` of `assembly/gemm/tile.ts`. */
type MultiplyTiles = (
  a: number,
  aStep: number,
  aPanel: number,
  b: number,
  bStep: number,
  count: number,
  depth: number,
  start: number,
  startStride: number,
  c: number,
  stride: number,
) => void;

const DEPTH = 192;
/** Products in a measurement of about 50 microseconds. */
const REPEATS = 50;
/** Measurements of each tile. The quickest counts: others may have been interrupted. */
const ROUNDS = 7;

/**
 * Whether the wide tile multiplies a panel faster than two narrow ones: only where the engine turns pairs of vectors into one. It says so
 * nowhere else. A wide tile of single vectors takes 1.4 times as long as two narrow ones, one of pairs 0.7 times.
 */
export function wideTileIsFaster(module: WebAssembly.Module, { wasm }: TfjsWasmBackend): boolean {
  const { exports } = new WebAssembly.Instance(module, kernelImports(wasm.asm.memory, 0, 128));
  const { multiplyTiles, multiplyWideTiles } = exports as Record<string, MultiplyTiles>;
  const [row, panelRow] = [4 * TILE_ROWS, 4 * PANEL_COLUMNS];
  const bytes = DEPTH * row + DEPTH * panelRow + TILE_ROWS * panelRow;
  const a = wasm._malloc(bytes) >>> 0;
  const b = a + DEPTH * row;
  const c = b + DEPTH * panelRow;
  // Zeros: what lay there before could be denormals, which are slow.
  wasm.HEAPU8.fill(0, a, a + bytes);
  const multiply = (tiles: MultiplyTiles, column: number) =>
    tiles(a, row, 0, b + 4 * column, panelRow, 1, DEPTH, c + 4 * column, panelRow, c + 4 * column, panelRow);
  try {
    let [narrow, wide] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < ROUNDS; round++) {
      narrow = Math.min(
        narrow,
        milliseconds(() => {
          multiply(multiplyTiles, 0);
          multiply(multiplyTiles, TILE_COLUMNS);
        }),
      );
      wide = Math.min(
        wide,
        milliseconds(() => multiply(multiplyWideTiles, 0)),
      );
    }
    return wide < narrow;
  } finally {
    wasm._free(a);
  }
}

function milliseconds(f: () => void): number {
  const start = performance.now();
  for (let i = 0; i < REPEATS; i++) f();
  return performance.now() - start;
}
