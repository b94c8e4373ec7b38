import type { TensorInfo } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { devices, onWebGpu } from '../../test/on-webgpu.ts';
import { Device, type Precision } from '../device.ts';
import { sumOfTerms } from '../shaders/elementwise.ts';
import { currentWebGpuBackend } from '../tfjs-webgpu-backend.ts';
import type { ProductTuning, Tile } from '../tuning.ts';
import { type Matrix, type ProductOptions, type ProductSizes, product } from './product.ts';

const smallTile: Tile = { rows: 32, columns: 32, depth: 16, threadRows: 4, threadColumns: 4 };
const withTile = (tile: Tile): ProductTuning => ({ tiles: [{ tile, cost: 1 }], workgroups: 1, splitDepth: 1 });
const small = withTile(smallTile);
/** Divides every depth of 32 or more. */
const divided: ProductTuning = { ...small, workgroups: 64, splitDepth: 16 };

const sizes = [
  [1, 1, 1],
  [3, 7, 31],
  [31, 1, 97],
  [1, 257, 7],
  [65, 97, 3],
  [97, 65, 65],
  [64, 64, 64],
  [64, 31, 64],
  [31, 64, 3],
  [64, 3, 257],
  [257, 31, 1],
] as const;

const subgroupSizes = [
  [33, 36, 44],
  [35, 34, 33],
] as const;

const halfSizes: readonly (readonly [number, number, number])[] = [
  [64, 64, 64],
  [33, 7, 31],
];

const transpositions = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

/** In sums of up to 257 products of numbers in [-1, 1]; float16 storage of the result has 11 bits, of the operands is taken into account. */
const TOLERANCES: Readonly<Record<Precision, number>> = { f32: 1e-5, f16: 2e-3 };

describe('product', () => {
  onWebGpu((_, precision) => {
    const half = precision === 'f16';
    const bench = () => new Bench(precision);

    // A driver in software takes a second to compile a product for halves, so those get fewer.
    it.each(half ? halfSizes : sizes)(
      'of %i rows, %i columns and a depth of %i, every transposition',
      async (rows, columns, depth) => {
        const { device, numbers, expectProduct } = bench();
        for (const [transposeA, transposeB] of transpositions) {
          const a = numbers(transposeA ? [depth, rows] : [rows, depth], { half });
          const b = numbers(transposeB ? [columns, depth] : [depth, columns], { seed: 2 });
          const columnSums = device.output([columns]);
          await expectProduct(
            { values: a, transpose: transposeA },
            { values: b, transpose: transposeB },
            { rows, columns, depth },
            { tuning: small, columnSums },
          );
        }
      },
    );

    if (half) {
      it.each([
        [true, true],
        [false, true],
        [true, false],
      ])('of operands of either storage: halves %s and %s', async (aHalf, bHalf) => {
        for (const [rows, columns, depth] of [
          [64, 96, 32],
          [33, 35, 17],
        ]) {
          const { device, numbers, expectProduct } = bench();
          const [a, b] = [numbers([rows, depth], { half: aHalf }), numbers([depth, columns], { half: bHalf, seed: 2 })];
          const bias = numbers([columns], { seed: 3, half: aHalf });
          const residual = numbers([rows, columns], { seed: 4, half: bHalf });
          await expectProduct({ values: a }, { values: b }, { rows, columns, depth }, { tuning: small, bias, residual });
          const multiplier = { of: 'a', values: numbers([rows, depth], { seed: 5, half: bHalf }) } as const;
          const columnSums = device.output([columns]);
          await expectProduct(
            { values: a },
            { values: b },
            { rows, columns, depth },
            { tuning: small, multiplier, columnSums },
            'f32',
          );
        }
      });
    } else {
      it.each([
        { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 8 },
        { rows: 128, columns: 64, depth: 16, threadRows: 8, threadColumns: 4 },
        { rows: 16, columns: 64, depth: 32, threadRows: 4, threadColumns: 4 },
      ])('with the tile %j', async (tile) => {
        const { device, numbers, expectProduct } = bench();
        for (const [rows, columns, depth] of [
          [64, 64, 64],
          [97, 65, 31],
        ]) {
          const a = numbers([depth, rows], { half });
          const b = numbers([depth, columns], { half, seed: 2 });
          const sizes = { rows, columns, depth };
          const options = { tuning: withTile(tile), columnSums: device.output([columns]) };
          await expectProduct({ values: a, transpose: true }, { values: b }, sizes, options);
        }
      });
    }

    it.each([[64, 96, 64], ...(half ? [] : [[35, 33, 64]])])(
      'of %i rows and %i columns with every epilogue, with the depth in one and divided',
      async (rows, columns, depth) => {
        const { device, numbers, expectProduct } = bench();
        const a = numbers([rows, depth], { half });
        const b = numbers([depth, columns], { seed: 2 });
        const bias = numbers([columns], { seed: 3 });
        const residual = numbers([rows, columns], { seed: 4, half });
        const derivative = () => device.activation([rows, columns]);
        const epilogues: ProductOptions[] = [
          {},
          { scale: 0.25, bias },
          { residual },
          { bias, activation: { kind: 'gelu', derivative: derivative() } },
          {
            scale: -2,
            bias,
            activation: { kind: 'silu', derivative: derivative() },
            residual,
            columnSums: device.output([columns]),
          },
          { activation: { kind: 'relu' } },
          { multiplier: { of: 'a', values: numbers([rows, depth], { seed: 5, half }) }, columnSums: device.output([columns]) },
          { multiplier: { of: 'b', values: numbers([depth, columns], { seed: 6, half }) }, columnSums: device.output([columns]) },
        ];
        for (const options of half ? epilogues.slice(3, 5) : epilogues) {
          for (const tuning of [small, divided]) {
            await expectProduct({ values: a }, { values: b }, { rows, columns, depth }, { ...options, tuning, divisible: true });
          }
        }
      },
    );

    const lanes = (half ? devices.f16 : devices.f32)?.info.subgroupMinSize ?? 0;
    it.runIf(lanes === 4 || lanes === 8)('by subgroups: every transposition, epilogue and edge', async () => {
      const tile = { lanes, rows: lanes, columns: 4 * lanes, depth: 4 } as const;
      const tunings: ProductTuning[] = [withTile(tile), { ...withTile(tile), workgroups: 64, splitDepth: 16 }];
      for (const [rows, columns, depth] of half ? subgroupSizes.slice(0, 1) : subgroupSizes) {
        for (const [transposeA, transposeB] of transpositions) {
          const { device, numbers, expectProduct } = bench();
          const a = numbers(transposeA ? [depth, rows] : [rows, depth], { half });
          const b = numbers(transposeB ? [columns, depth] : [depth, columns], { seed: 2 });
          const options = {
            bias: numbers([columns], { seed: 3 }),
            residual: numbers([rows, columns], { seed: 4, half }),
            multiplier: { of: 'a', values: numbers(transposeA ? [depth, rows] : [rows, depth], { seed: 5, half }) } as const,
            columnSums: device.output([columns]),
            divisible: true,
          };
          for (const tuning of half ? tunings.slice(0, 1) : tunings) {
            const [left, right] = [
              { values: a, transpose: transposeA },
              { values: b, transpose: transposeB },
            ];
            await expectProduct(left, right, { rows, columns, depth }, { ...options, tuning });
          }
        }
      }
    });

    it('of parts of packed tensors, along two axes of a batch', async () => {
      const { numbers, expectProduct } = bench();
      // The scores and the results of attention over packed [batch, tokens, 3 heads headSize].
      const [batch, tokens, heads, headSize] = [2, 9, 3, 8];
      const width = heads * headSize;
      const qkv = numbers([batch, tokens, 3 * width], { half });
      const part = (index: number): Matrix => ({
        values: qkv,
        offset: index * width,
        pitch: 3 * width,
        batchStride: [tokens * 3 * width, headSize],
      });
      const perHead = { batch: [batch, heads] } as const;
      for (const tuning of [small, divided]) {
        await expectProduct(
          part(0),
          { ...part(1), transpose: true },
          { rows: tokens, columns: tokens, depth: headSize, ...perHead },
          { tuning, scale: headSize ** -0.5, divisible: true },
        );
        const weights = numbers([batch, heads, tokens, tokens], { seed: 2 });
        await expectProduct(
          { values: weights },
          part(2),
          { rows: tokens, columns: headSize, depth: tokens, ...perHead },
          { tuning, divisible: true },
          precision,
          { pitch: width, batchStride: [tokens * width, headSize] },
        );
      }
    });

    it('of a depth of 0: only the epilogue is left', async () => {
      const { device, numbers, expectProduct } = bench();
      const bias = numbers([8], { seed: 3 });
      const columnSums = device.output([8]);
      await expectProduct(
        { values: numbers([5, 0]) },
        { values: numbers([0, 8]) },
        { rows: 5, columns: 8, depth: 0 },
        { bias, columnSums },
      );
    });

    it('takes the rows and columns that NaN and infinities belong to, and no others', async () => {
      const { device, expectProduct } = bench();
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        for (const [rows, columns, depth] of [
          [5, 9, 7],
          [8, 12, 8],
        ]) {
          const a = Float32Array.from({ length: rows * depth }, (_, i) => (i === depth + 3 ? value : (i % 7) - 3));
          const b = Float32Array.from({ length: depth * columns }, (_, i) => (i === 2 * columns + 4 ? value : (i % 5) - 2));
          await expectProduct(
            { values: write(device, a, [rows, depth]) },
            { values: write(device, b, [depth, columns]) },
            { rows, columns, depth },
            { tuning: small },
          );
        }
      }
    });
  });
});

type Numbers = { half?: boolean; seed?: number };

/** Products on a device of its own, and what they should be in float64. */
class Bench {
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

function write({ backend }: Device, values: Float32Array, shape: readonly number[]): TensorInfo {
  return { dataId: backend.write(values, [...shape], 'float32'), shape: [...shape], dtype: 'float32' };
}

async function read({ backend }: Device, { dataId }: TensorInfo): Promise<Float32Array> {
  return (await backend.read(dataId)) as Float32Array;
}
