import type { Device } from './device.ts';

/**
 * How a workgroup of the matrix product shader works: it computes a tile `[rows, columns]`, `depth` products at a time, and each
 * invocation `threadRows x threadColumns` values of it. All are multiples of 4; see `shaders/matmul.ts` for what must fit.
 */
export type WorkgroupTile = {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly threadRows: number;
  readonly threadColumns: number;
};

/**
 * How a subgroup of `lanes` invocations computes a tile by itself, see `shaders/matmul-subgroups.ts`: `rows` is a multiple of `lanes`, and
 * `columns` of four times as many.
 */
export type SubgroupTile = {
  readonly lanes: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: 4;
};

/** How a product is cut up. */
export type Tile = WorkgroupTile | SubgroupTile;

/** What is known of matrix products on a device. */
export type ProductTuning = {
  /** Tiles to choose from, with the time that a multiply-add of each takes, relative to the others. */
  readonly tiles: readonly { readonly tile: Tile; readonly cost: number }[];
  /** Workgroups that keep the whole device busy, for norms as well. A product with fewer is divided along its depth. */
  readonly workgroups: number;
  /** Least depth of such a part. */
  readonly splitDepth: number;
};

/** Invocations of a workgroup. */
export function invocationsOf({ rows, columns, threadRows, threadColumns }: WorkgroupTile): number {
  return (rows / threadRows) * (columns / threadColumns);
}

const tiles = {
  largest: { rows: 128, columns: 128, depth: 16, threadRows: 8, threadColumns: 8 },
  large: { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 8 },
  small: { rows: 32, columns: 32, depth: 16, threadRows: 4, threadColumns: 4 },
  /** For a few rows, as of the classes of pictures. */
  wide: { rows: 16, columns: 64, depth: 16, threadRows: 4, threadColumns: 8 },
} as const satisfies Record<string, WorkgroupTile>;

/**
 * What is used where nothing is known of the device. The costs are about those of lavapipe (Mesa 25.0, 2 cores, 512 x 512 x 512, float32,
 * in GFLOP/s per core, for plain and transposed operands; the best of tfjs there is 2.5):
 *
 * | tile | threads' | depth 8 | 16 | 32 |
 * | --- | --- | --- | --- | --- |
 * | 128 x 128 | 8 x 8 | | 3.8-4.5 | |
 * | 128 x 64 | 8 x 8 | | 4.3-4.7 | |
 * | 64 x 64 | 8 x 8 | 3.5-4.1 | 3.5-4.7 | 3.4-4.3 |
 * | 64 x 64 | 4 x 8 | | 2.4-2.7 | |
 * | 64 x 64 | 4 x 4 | | 2.0-2.2 | |
 * | 32 x 32 | 8 x 8 | | 3.3-3.7 | |
 * | 32 x 32 | 4 x 4 | | 1.7-2.1 | 1.9-2.0 |
 * | 16 x 64 | 4 x 8 | | 2.6-2.7 | |
 *
 * (16 x 16 values per invocation reach 6-7, but take 5 seconds to compile there and more registers than a GPU has.) What depends on
 * hardware is reckoned and not measured: 128 x 128 reads half as much memory, so it is preferred for products that keep 96 workgroups busy;
 * with fewer tiles than that, the depth is divided.
 */
export const standardTuning: ProductTuning = {
  tiles: [
    { tile: tiles.largest, cost: 0.9 },
    { tile: tiles.large, cost: 1 },
    { tile: tiles.small, cost: 2 },
    { tile: tiles.wide, cost: 1.6 },
  ],
  workgroups: 96,
  splitDepth: 256,
};

/** For drivers that compute on the processor. Few workgroups keep it busy; what is divided has to be long. */
const software: ProductTuning = { workgroups: 4, splitDepth: 2048, tiles: standardTuning.tiles.slice(1) };

/**
 * Where the size of a subgroup is known, its lanes hand each other what they load: on lavapipe 3.3 to 4.4 times as fast as 64 x 64 by
 * 8 x 8 (1024 x 192 x 768 and its gradients, two runs). SwiftShader is faster with it too, but takes gigabytes to compile the shaders.
 */
function lavapipe({ features, adapterInfo: { subgroupMinSize: lanes, subgroupMaxSize } }: GPUDevice): ProductTuning {
  if (!features.has('subgroups') || lanes !== subgroupMaxSize) return software;
  const depth = 4;
  return {
    ...software,
    tiles: [
      { tile: { lanes, rows: 4 * lanes, columns: 4 * lanes, depth }, cost: 1 },
      { tile: { lanes, rows: lanes, columns: 4 * lanes, depth }, cost: 1.5 },
    ],
  };
}

/** By `vendor architecture` of the adapter. */
const table: Readonly<Record<string, (device: GPUDevice) => ProductTuning>> = {
  'mesa software': lavapipe,
  'google swiftshader': () => software,
};

/** Tunings in place of those of the table. */
const chosen = new WeakMap<GPUDevice, ProductTuning>();

/** Products on this device are cut up so from now on: what `tuneProducts` has found, or what compiles quickly. */
export function setProductTuning(device: GPUDevice, tuning: ProductTuning): void {
  chosen.set(device, tuning);
}

/** What is known of products on this device or its adapter, or what suits most. */
export function productTuning({ backend: { device } }: Device): ProductTuning {
  const own = chosen.get(device);
  if (own !== undefined) return own;
  const { vendor, architecture } = device.adapterInfo;
  return table[`${vendor} ${architecture}`]?.(device) ?? standardTuning;
}

/** Lanes of the subgroups by which products on this device are computed, where they are: attention is then too. */
export function subgroupLanes(device: Device): number | undefined {
  const [lanes] = productTuning(device).tiles.flatMap(({ tile }) => ('lanes' in tile ? [tile.lanes] : []));
  return lanes;
}
