import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Device } from './device.ts';
import { type Matrix, type ProductOptions, type ProductSizes, product } from './kernels/product.ts';
import { sizeOf } from './placement.ts';
import { type BinaryOperator, binary } from './shaders/elementwise.ts';
import type { SubgroupMatrixConfiguration } from './shaders/matmul-subgroup-matrix.ts';
import { setSubgroupMatrix, subgroupMatrixConfiguration } from './subgroup-matrix.ts';

/** Largest difference from the float32 kernel, relative to the largest value: both operands are rounded to float16. */
const TOLERANCE = 2e-3;

/** Rows, columns and depth: whole tiles, parts of tiles, and more depth than is added up in float16. */
const CHECKED_SIZES = [
  [64, 64, 64],
  [96, 80, 288],
  [33, 70, 45],
] as const;

/**
 * Whether products by subgroup matrices agree with the float32 kernel on this device, over several shapes and every transposition: of halves,
 * with a bias, sums of columns and a multiplier, as gradients are; and of halves with float32 weights, with a bias, an activation and its
 * derivative, as layers are. `false` also where the device refuses the shader. Uses the device's configuration, whether it is in use or not,
 * and changes nothing.
 *
 * @param multiply in place of the product that is verified and of the one that it is compared with
 */
export async function verifySubgroupMatrix(device: Device, multiply = product): Promise<boolean> {
  const configuration = subgroupMatrixConfiguration(device);
  if (configuration === undefined) return false;
  const { device: gpu } = device.backend;
  const made: TensorInfo[] = [];
  const keep = (tensor: TensorInfo) => {
    made.push(tensor);
    return tensor;
  };
  const pairs: [TensorInfo, TensorInfo][] = [];
  let scopes = 2;
  gpu.pushErrorScope('internal');
  gpu.pushErrorScope('validation');
  const popScopes = async () => {
    const errors: unknown[] = [];
    for (; scopes > 0; scopes--) errors.push(await gpu.popErrorScope());
    return errors.filter((error) => error !== null);
  };
  try {
    for (const [rows, columns, depth] of CHECKED_SIZES) {
      for (const [transposeA, transposeB] of [
        [false, false],
        [false, true],
        [true, false],
        [true, true],
      ]) {
        const a = keep(halves(device, transposeA ? [depth, rows] : [rows, depth], 1));
        const b = keep(halves(device, transposeB ? [columns, depth] : [depth, columns], 2));
        const multiplier = keep(halves(device, b.shape, 3));
        const bias = keep(halves(device, [columns], 4));
        const run = (subgroupMatrix: SubgroupMatrixConfiguration | false) => {
          const c = keep(device.output([rows, columns]));
          const columnSums = keep(device.output([columns]));
          const left: Matrix = { values: a, transpose: transposeA };
          const right: Matrix = { values: b, transpose: transposeB };
          const sizes: ProductSizes = { rows, columns, depth };
          const options: ProductOptions = { bias, columnSums, multiplier: { of: 'b', values: multiplier }, subgroupMatrix };
          multiply(device, left, right, { values: c }, sizes, options);
          return [c, columnSums];
        };
        const weights = keep(numbers(device, b.shape, 5));
        const runLayer = (subgroupMatrix: SubgroupMatrixConfiguration | false) => {
          const [y, derivative] = [0, 0].map(() => keep(device.store.allocate([rows, columns], 'f16')));
          const options: ProductOptions = { bias, activation: { kind: 'gelu', derivative }, subgroupMatrix };
          const right: Matrix = { values: weights, transpose: transposeB };
          multiply(device, { values: a, transpose: transposeA }, right, { values: y }, { rows, columns, depth }, options);
          return [y, derivative];
        };
        for (const both of [
          [run(configuration), run(false)],
          [runLayer(configuration), runLayer(false)],
        ] as const) {
          const [fast, exact] = both;
          for (const [i, values] of fast.entries()) pairs.push([values, exact[i]]);
        }
      }
    }
    device.backend.endComputePassEncoder();
    device.backend.submitQueue();
    if ((await popScopes()).length > 0) return false;
    for (const [fast, exact] of pairs) {
      const [values, expected] = await Promise.all([fast, exact].map(({ dataId }) => device.backend.read(dataId)));
      if (!agree(values as Float32Array, expected as Float32Array)) return false;
    }
    return true;
  } finally {
    await popScopes();
    for (const { dataId } of made) device.backend.disposeData(dataId);
  }
}

/**
 * Lets products of halves use subgroup matrices where the device has them and {@link verifySubgroupMatrix} agrees. Until then, and where it
 * does not, the float32 kernel is used.
 *
 * @returns a warning to show where the device has them but they are not used
 */
export async function useSubgroupMatrix(device: Device, verify = verifySubgroupMatrix): Promise<string | undefined> {
  const configuration = subgroupMatrixConfiguration(device);
  if (configuration === undefined) return undefined;
  if (!(await verify(device))) return dropSubgroupMatrix(device);
  setSubgroupMatrix(device, configuration);
  return undefined;
}

/** Products use the float32 kernel from now on. Gives the warning to show. */
export function dropSubgroupMatrix(device: Device): string {
  setSubgroupMatrix(device, undefined);
  const { vendor, architecture } = device.backend.device.adapterInfo;
  return (
    `the subgroup matrices of this GPU (${vendor} ${architecture}) do not agree with the float32 kernel and are not used: ` +
    'matrix products are slower, their results right'
  );
}

function agree(values: Float32Array, expected: Float32Array): boolean {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return expected.every((value, i) => Math.abs(values[i] - value) <= TOLERANCE * largest);
}

/** Reproducible numbers in [-1, 1]. */
function numbers({ backend }: Device, shape: readonly number[], seed: number): TensorInfo {
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin((i * (seed + 1) + seed) ** 1.5));
  return { dataId: backend.write(values, [...shape], 'float32'), shape: [...shape], dtype: 'float32' };
}

/** The same, stored as halves. */
function halves(device: Device, shape: readonly number[], seed: number): TensorInfo {
  const { backend } = device;
  const count = sizeOf(shape);
  const tensor = numbers(device, shape, seed);
  const one = device.upload(new Float32Array([1]));
  const stored = device.store.allocate(shape, 'f16');
  const options = { operator: '*' as BinaryOperator, width: 1 as const, aSingle: false, bSingle: true };
  device.launch(binary, options, { a: tensor, b: one, y: stored }, { count }, Math.ceil(count / 256));
  backend.disposeData(tensor.dataId);
  return stored;
}
