import type { Device, Operand } from '../device.ts';
import type { ActivationKind } from '../shaders/activation.ts';
import { matmul } from '../shaders/matmul.ts';
import { matmulSplits } from '../shaders/matmul-splits.ts';
import {
  matmulSubgroupMatrix,
  SUBGROUP_MATRIX_TILE,
  type SubgroupMatrixConfiguration,
} from '../shaders/matmul-subgroup-matrix.ts';
import { matmulSubgroups } from '../shaders/matmul-subgroups.ts';
import { subgroupMatrixInUse } from '../subgroup-matrix.ts';
import { type ProductTuning, productTuning, type Tile } from '../tuning.ts';
import type { Epilogue } from '../wgsl/product-epilogue.ts';
import type { TileLoad } from '../wgsl/tile-load.ts';

/** A number per matrix of a batch along one axis, or along two: the outer and the inner. */
export type PerBatch = number | readonly [outer: number, inner: number];

/** A matrix, or a batch of them, in row-major memory of either storage. All distances are in elements. */
export type Matrix = {
  readonly values: Operand;
  /** Whether the transpose of what is stored is meant. Not for the result of a product. */
  readonly transpose?: boolean;
  /** Of the first element; 0 by default. */
  readonly offset?: number;
  /** From a stored row to the next; by default they lie one after the other. */
  readonly pitch?: number;
  /** From a matrix to the next; by default they lie one after the other. 0 for one that is the same for all. */
  readonly batchStride?: PerBatch;
};

export type ProductSizes = { readonly rows: number; readonly columns: number; readonly depth: number; readonly batch?: PerBatch };

/** What is done beside the product itself. */
export type ProductOptions = {
  /** The sums are multiplied by it. */
  readonly scale?: number;
  /** `[columns]`, added to each row. */
  readonly bias?: Operand;
  /** Of the sums; its derivative there is stored in `derivative`, laid out as `c`. */
  readonly activation?: { readonly kind: ActivationKind; readonly derivative?: Operand };
  /** Laid out as `c`, and added to it at last. */
  readonly residual?: Operand;
  /** Multiplies `a` or `b` element by element, laid out as that. */
  readonly multiplier?: { readonly of: 'a' | 'b'; readonly values: Operand };
  /** For the sums of the columns of `b` (multiplied), `[columns]`; not for a batch. */
  readonly columnSums?: Operand;
  /** Whether the depth may be divided where that pays, at the cost of a second launch. */
  readonly divisible?: boolean;
  /** In place of what is known of the device. */
  readonly tuning?: ProductTuning;
  /** In place of what is in use on the device; `false` for the float32 kernel. */
  readonly subgroupMatrix?: SubgroupMatrixConfiguration | false;
};

/** Bytes of the parts of a product whose depth is divided, at most. */
const MOST_PART_BYTES = 2 ** 27;

/**
 * `c [batch, rows, columns] = activation(scale a b + bias) + residual` with `a` `[batch, rows, depth]` and `b` `[batch, depth, columns]`,
 * all of either storage, in one launch, or two where the depth is divided. Where subgroup matrices are in use on the device, products with
 * an operand of halves use them. Sums are in float32 and in an order that depends on the shapes and the tuning only.
 */
export function product(
  device: Device,
  a: Matrix,
  b: Matrix,
  c: Matrix,
  { rows, columns, depth, batch = 1 }: ProductSizes,
  options: ProductOptions = {},
): void {
  const { scale = 1, bias, activation, residual, multiplier, columnSums, divisible = false } = options;
  const [outerBatch, innerBatch] = pair(batch);
  const matrices = outerBatch * innerBatch;
  const count = matrices * rows * columns;
  if (count === 0) return;
  const tuning = options.tuning ?? productTuning(device);
  const { subgroupMatrix = subgroupMatrixInUse(device) || false } = options;
  const configuration = (isHalf(device, a.values) || isHalf(device, b.values)) && subgroupMatrix;
  const ownTile = tileFor(tuning, rows, columns, matrices);
  const tile = configuration ? SUBGROUP_MATRIX_TILE : ownTile;
  const rowTiles = Math.ceil(rows / tile.rows);
  const columnTiles = Math.ceil(columns / tile.columns);
  const tiles = rowTiles * columnTiles * matrices;
  const [splits, splitDepth] = depth === 0 ? [0, 0] : divisible ? splitsFor(tuning, tile.depth, tiles, depth, count) : [1, depth];
  const y = strided(c, rows, columns, innerBatch);
  const width = columns % 4 === 0 && isAligned(y) ? 4 : 1;
  const epilogue: Epilogue = {
    width,
    scaled: scale !== 1,
    bias: bias !== undefined,
    residual: residual !== undefined,
    activation: activation?.kind,
    derivative: activation?.derivative !== undefined,
  };
  const results = { bias, residual, y: c.values, derivative: activation?.derivative, columnSums };
  const hasSums = columnSums !== undefined;
  // With no depth there are no parts, but what is bound must hold a vector.
  const parts = splits === 1 ? undefined : device.scratch(Math.max(4, splits * count));
  const sumParts = parts && hasSums ? device.scratch(Math.max(4, splits * columns)) : undefined;
  if (splits > 0) {
    const ofA = a.transpose ? strided(a, depth, rows, innerBatch) : strided(a, rows, depth, innerBatch);
    const ofB = b.transpose ? strided(b, columns, depth, innerBatch) : strided(b, depth, columns, innerBatch);
    const to = parts === undefined ? y : dense(rows, columns, innerBatch);
    const plain: Epilogue = { width, scaled: false, bias: false, residual: false, derivative: false };
    const workgroups = tiles * splits;
    const tiled = {
      a: loadOf(ofA, a.transpose ? rows : depth, a.transpose ? 'across' : 'depth', multiplier?.of === 'a'),
      b: loadOf(ofB, b.transpose ? depth : columns, b.transpose ? 'depth' : 'across', multiplier?.of === 'b'),
      epilogue: parts ? plain : epilogue,
      columnSums: hasSums,
    };
    const operands = {
      a: a.values,
      b: b.values,
      multiplier: multiplier?.values,
      ...(parts ? { y: parts, columnSums: sumParts } : results),
    };
    const uniforms = {
      rows,
      columns,
      depth,
      row_tiles: rowTiles,
      column_tiles: columnTiles,
      splits,
      split_depth: splitDepth,
      workgroups,
      inner_batch: innerBatch,
      ...uniformsOf('a', ofA),
      ...uniformsOf('b', ofB),
      ...uniformsOf('y', to),
      y_split: count,
      tile_depth: tile.depth,
      scale,
    };
    if (configuration) device.launch(matmulSubgroupMatrix, { ...tiled, configuration }, operands, uniforms, workgroups);
    else if ('lanes' in ownTile) device.launch(matmulSubgroups, { ...tiled, tile: ownTile }, operands, uniforms, workgroups);
    else device.launch(matmul, { ...tiled, tile: ownTile }, operands, uniforms, workgroups);
  }
  if (parts === undefined) return;
  device.launch(
    matmulSplits,
    { epilogue, columnSums: hasSums },
    { parts, sumParts, ...results },
    { rows, columns, splits, count, inner_batch: innerBatch, ...uniformsOf('y', y), scale },
    Math.ceil((count + (hasSums ? columns : 0)) / width / 256),
  );
}

/** The tile that takes the least time, as far as is known. */
function tileFor({ tiles, workgroups }: ProductTuning, rows: number, columns: number, matrices: number): Tile {
  const time = ({ tile, cost }: ProductTuning['tiles'][number]) => {
    const count = Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns) * matrices;
    return Math.ceil(count / workgroups) * tile.rows * tile.columns * cost;
  };
  return tiles.reduce((best, one) => (time(one) < time(best) ? one : best)).tile;
}

/** In how many parts the depth is divided, and the depth of one. */
function splitsFor(
  { workgroups, splitDepth }: ProductTuning,
  tileDepth: number,
  tiles: number,
  depth: number,
  count: number,
): [splits: number, splitDepth: number] {
  const wanted = Math.min(
    Math.floor(workgroups / tiles),
    Math.floor(depth / splitDepth),
    Math.floor(MOST_PART_BYTES / (4 * count)),
  );
  if (wanted < 2) return [1, depth];
  const each = tileDepth * Math.ceil(depth / wanted / tileDepth);
  return [Math.ceil(depth / each), each];
}

function isHalf(device: Device, values: Operand): boolean {
  return 'element' in values ? values.element === 'f16' : device.store.isHalf(values);
}

type Strides = { offset: number; pitch: number; outer: number; inner: number };

function dense(rows: number, columns: number, innerBatch: number): Strides {
  return { offset: 0, pitch: columns, outer: innerBatch * rows * columns, inner: rows * columns };
}

/** Where the elements of a matrix of these stored sizes lie. */
function strided({ offset = 0, pitch, batchStride }: Matrix, rows: number, columns: number, innerBatch: number): Strides {
  const lies = { ...dense(rows, columns, innerBatch), offset };
  if (pitch !== undefined) Object.assign(lies, { pitch, inner: rows * pitch, outer: innerBatch * rows * pitch });
  if (batchStride === undefined) return lies;
  const [outer, inner] = pair(batchStride, 0);
  return { ...lies, outer, inner };
}

/** One number is that of the inner axis. */
function pair(perBatch: PerBatch, outer = 1): readonly [outer: number, inner: number] {
  return typeof perBatch === 'number' ? [outer, perBatch] : perBatch;
}

function isAligned({ offset, pitch, outer, inner }: Strides): boolean {
  return [offset, pitch, outer, inner].every((distance) => distance % 4 === 0);
}

function loadOf(strides: Strides, contiguous: number, along: TileLoad['along'], multiplied: boolean): TileLoad {
  return { along, width: contiguous % 4 === 0 && isAligned(strides) ? 4 : 1, multiplied };
}

function uniformsOf(name: string, { offset, pitch, outer, inner }: Strides): Record<string, number> {
  return { [`${name}_offset`]: offset, [`${name}_pitch`]: pitch, [`${name}_outer`]: outer, [`${name}_inner`]: inner };
}
