import type { TensorInfo } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { Device, type Precision } from '../src/device.ts';
import { type Matrix, type ProductOptions, type ProductSizes, product } from '../src/kernels/product.ts';
import { sumOfTerms } from '../src/shaders/elementwise.ts';
import { currentWebGpuBackend } from '../src/tfjs-webgpu-backend.ts';
import type { ProductTuning, Tile } from '../src/tuning.ts';

const smallTile: Tile = { rows: 32, columns: 32, depth: 16, threadRows: 4, threadColumns: 4 };
export const withTile = (tile: Tile): ProductTuning => ({ tiles: [{ tile, cost: 1 }], workgroups: 1, splitDepth: 1 });
export const small = withTile(smallTile);
/** Divides every depth of 32 or more. */
export const divided: ProductTuning = { ...small, workgroups: 64, splitDepth: 16 };

export const transpositions = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

/** In sums of up to 257 products of numbers in [-1, 1]; float16 storage of the result has 11 bits, of the operands is taken into account. */
const TOLERANCES: Readonly<Record<Precision, number>> = { f32: 1e-5, f16: 2e-3 };

type Numbers = { half?: boolean; seed?: number };

/** Products on a device of its own, and what they should be in float64. */
export class ProductBench {
  readonly device: Device;

  constructor(precision: Precision) {
    this.device = new Device(currentWebGpuBackend(), precision);
  }

  /** Reproducible numbers in [-1, 1]. */
  readonly numbers = (shape: readonly number[], { half = false, seed = 1 }: Numbers = {}): TensorInfo => {
    const values = Float32Array.from({ length: shape.reduce((size, length) => size * length, 1) }, (_, i) => {
      const wave = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453;
      return 2 * (wave - Math.floor(wave)) - 1;
    });
    const tensor = write(this.device, values, shape);
    if (!half || values.length === 0) return tensor;
    const halves = this.device.activation(shape);
    const options = { terms: 1, width: 1 } as const;
    this.device.launch(sumOfTerms, options, { x0: tensor, y: halves }, { count: values.length }, Math.ceil(values.length / 256));
    return halves;
  };

  readonly expectProduct = async (
    a: Matrix,
    b: Matrix,
    sizes: ProductSizes,
    options: ProductOptions,
    storage: Precision = this.device.precision,
    layout: Omit<Matrix, 'values'> = {},
  ): Promise<void> => {
    const { device } = this;
    const { rows, columns } = sizes;
    const [outer, inner] = typeof sizes.batch === 'object' ? sizes.batch : [1, sizes.batch ?? 1];
    const shape = [outer * inner * rows, columns];
    const run = async () => {
      const c = storage === 'f16' ? device.activation(shape) : device.output(shape);
      product(device, a, b, { ...layout, values: c }, sizes, options);
      const { activation, columnSums } = options;
      const results = [c, activation?.derivative, columnSums].filter((one) => one !== undefined);
      return Promise.all(results.map((one) => read(device, one as TensorInfo)));
    };
    const actual = await run();
    expect(await run(), 'other bits the second time').toEqual(actual);
    const expected = await this.#expected(a, b, sizes, options, layout);
    expected.forEach((values, output) => {
      const largest = values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1);
      const allowed = TOLERANCES[device.precision] * largest;
      values.forEach((value, i) => {
        const same =
          Object.is(value, actual[output][i]) || value === actual[output][i] || Math.abs(value - actual[output][i]) <= allowed;
        if (!same) {
          expect.fail(`${JSON.stringify(sizes)}: output ${output}, element ${i} is ${actual[output][i]} instead of ${value}`);
        }
      });
    });
  };

  async #expected(a: Matrix, b: Matrix, sizes: ProductSizes, options: ProductOptions, layout: Omit<Matrix, 'values'>) {
    const { device } = this;
    const { rows, columns, depth } = sizes;
    const [outer, inner] = typeof sizes.batch === 'object' ? sizes.batch : [1, sizes.batch ?? 1];
    const optional = async (one: unknown) => (one === undefined ? undefined : read(device, one as TensorInfo));
    const [aValues, bValues] = [await read(device, a.values as TensorInfo), await read(device, b.values as TensorInfo)];
    const [bias, residual, multiplier] = [
      await optional(options.bias),
      await optional(options.residual),
      await optional(options.multiplier?.values),
    ];
    const place = (matrix: Omit<Matrix, 'values'>, o: number, i: number, row: number, column: number, [r, c]: number[]) => {
      const [storedRow, storedColumn, storedRows, storedColumns] = matrix.transpose ? [column, row, c, r] : [row, column, r, c];
      const pitch = matrix.pitch ?? storedColumns;
      const [outerStride, innerStride] = (matrix.batchStride as [number, number] | undefined) ?? [
        inner * storedRows * pitch,
        storedRows * pitch,
      ];
      return (matrix.offset ?? 0) + o * outerStride + i * innerStride + storedRow * pitch + storedColumn;
    };
    const at = (values: Float32Array, of: 'a' | 'b', index: number) =>
      values[index] * (options.multiplier?.of === of && multiplier !== undefined ? multiplier[index] : 1);
    const y = new Float64Array(outer * inner * rows * columns);
    const derivative = new Float64Array(y.length);
    const columnSums = new Float64Array(columns);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            let sum = 0;
            for (let k = 0; k < depth; k++) {
              const right = at(bValues, 'b', place(b, o, i, k, column, [depth, columns]));
              sum += at(aValues, 'a', place(a, o, i, row, k, [rows, depth])) * right;
              if (row === 0) columnSums[column] += right;
            }
            const to = place(layout, o, i, row, column, [rows, columns]);
            const value = sum * (options.scale ?? 1) + (bias?.[column] ?? 0);
            const [activated, slope] = options.activation ? activate(options.activation.kind, value) : [value, 1];
            y[to] = activated + (residual?.[to] ?? 0);
            derivative[to] = slope;
          }
        }
      }
    }
    return [y, ...(options.activation?.derivative ? [derivative] : []), ...(options.columnSums ? [columnSums] : [])];
  }
}

/** Value and derivative; those of gelu by differences of its integral. */
function activate(kind: string, x: number): [number, number] {
  if (kind === 'relu') return [Math.max(x, 0), x > 0 ? 1 : 0];
  if (kind === 'silu') {
    const gate = 1 / (1 + Math.exp(-x));
    return [x * gate, gate * (1 + x * (1 - gate))];
  }
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  const steps = 200;
  let below = 0.5;
  for (let i = 0; i < steps; i++) below += (density((x * (i + 0.5)) / steps) * x) / steps;
  return [x * below, below + x * density(x)];
}

export function write({ backend }: Device, values: Float32Array, shape: readonly number[]): TensorInfo {
  return { dataId: backend.write(values, [...shape], 'float32'), shape: [...shape], dtype: 'float32' };
}

async function read({ backend }: Device, { dataId }: TensorInfo): Promise<Float32Array> {
  return (await backend.read(dataId)) as Float32Array;
}
