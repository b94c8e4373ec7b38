import { broadcast_util, getKernel, type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import { type Axis, broadcastStrides, countOf, mergeAxes, rowMajorStrides } from './axes.ts';
import type { KernelSet } from './kernel-set.ts';
import { operand, product } from './product.ts';

/** Products in a task of matrix rows times a vector, and columns of one of a vector times matrix rows. */
const TASK_PRODUCTS = 32768;
const COLUMN_BLOCK = 128;

type MatMulAttributes = { transposeA: boolean; transposeB: boolean };
type FusedAttributes = MatMulAttributes & { activation: string; leakyreluAlpha?: number };

/** Kernels of tfjs for the activations of `fused.matMul`, besides `linear`, `prelu` and `leakyrelu`. */
const activations: Readonly<Record<string, string>> = { relu: 'Relu', relu6: 'Relu6', elu: 'Elu', sigmoid: 'Sigmoid' };

/**
 * `BatchMatMul` and `_FusedMatMul`. tfjs 4.22 prepares the right-hand matrix of a plain product once and finds it again by its
 * data alone: one that comes again in another shape (`reshape` shares data) is then read out of bounds. Nothing is kept here.
 */
export const matmulKernels: KernelSet = (device, stock) => ({
  BatchMatMul(params) {
    const { a, b } = params.inputs as { a: TensorInfo; b: TensorInfo };
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock('BatchMatMul')(params);
    return matMul(device, a, b, params.attrs as unknown as MatMulAttributes);
  },

  _FusedMatMul(params) {
    const { a, b, bias, preluActivationWeights } = params.inputs as Record<'a' | 'b', TensorInfo> & {
      bias?: TensorInfo;
      preluActivationWeights?: TensorInfo;
    };
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock('_FusedMatMul')(params);
    const attrs = params.attrs as unknown as FusedAttributes;
    const columns = b.shape.at(attrs.transposeB ? -2 : -1);
    const fits =
      bias !== undefined && bias !== null && util.sizeFromShape(bias.shape) === columns && bias.shape.at(-1) === columns;
    let y = matMul(device, a, b, attrs, fits ? bias : undefined);
    /** Applies another kernel to `y`, which is not needed afterwards. */
    const then = (name: string, more: (y: TensorInfo) => Record<string, TensorInfo>, attrs = {}) => {
      const next = kernelOf(name)({ inputs: more(y), attrs, backend: device.backend }) as TensorInfo;
      device.backend.disposeData(y.dataId);
      y = next;
    };
    if (bias !== undefined && bias !== null && !fits) then('Add', (sum) => ({ a: sum, b: bias }));
    const { activation } = attrs;
    if (activation === 'prelu') then('Prelu', (x) => ({ x, alpha: preluActivationWeights as TensorInfo }));
    else if (activation === 'leakyrelu') then('LeakyRelu', (x) => ({ x }), { alpha: attrs.leakyreluAlpha });
    else if (activation !== 'linear') then(activations[activation], (x) => ({ x }));
    return y;
  },
});

function kernelOf(name: string): KernelFunc {
  const kernel = getKernel(name, 'wasm');
  util.assert(kernel !== undefined, () => `_FusedMatMul needs the kernel ${name} of the wasm backend`);
  return (kernel as NonNullable<typeof kernel>).kernelFunc;
}

/** `[..., n, m] x [..., m, p]`, either one transposed, with the leading axes broadcast; `bias` has one value for each column. */
function matMul(
  device: Device,
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB }: MatMulAttributes,
  bias?: TensorInfo,
): TensorInfo {
  const [aRows, aColumns] = a.shape.slice(-2);
  const [bRows, bColumns] = b.shape.slice(-2);
  const [rows, depth] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [bDepth, columns] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  util.assert(depth === bDepth, () => `matMul: inner lengths ${depth} and ${bDepth} of [${a.shape}] and [${b.shape}] differ`);
  const [aBatch, bBatch] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
  const y = device.output([...batch, rows, columns]);
  if (y.shape.includes(0)) return y;
  const scale = (strides: readonly number[], by: number) => strides.map((stride) => stride * by);
  const axes = mergeAxes(
    batch,
    scale(broadcastStrides(aBatch, batch), rows * depth),
    scale(broadcastStrides(bBatch, batch), depth * columns),
    scale(rowMajorStrides(batch), rows * columns),
  );
  const { length: count, strides } = axes.pop() ?? { length: 1, strides: [0, 0, 0] };
  const [aStride, bStride] = strides;
  // One right-hand matrix for all: the batch is but more rows.
  const together = bStride === 0 && !transposeA && (aStride === rows * depth || count === 1);
  const sizes = { rows: together ? rows * count : rows, columns, depth };
  const options = { batch: together ? 1 : count, bias: device.addressIfAny(bias) };
  forEachStep(axes, (aOffset, bOffset, yOffset) => {
    const aAddress = device.address(a) + 4 * aOffset;
    const bAddress = device.address(b) + 4 * bOffset;
    const yAddress = device.address(y) + 4 * yOffset;
    if (sizes.rows === 1) {
      const matrix = { address: bAddress, stride: bStride, transpose: !transposeB };
      vectorProduct(device, matrix, { address: aAddress, stride: aStride }, yAddress, columns, depth, options);
    } else if (columns === 1 && bias === undefined) {
      const matrix = { address: aAddress, stride: aStride, transpose: transposeA };
      vectorProduct(device, matrix, { address: bAddress, stride: bStride }, yAddress, sizes.rows, depth, options);
    } else {
      const aOperand = { ...operand(aAddress, aRows, aColumns, transposeA), batchStride: aStride };
      const bOperand = { ...operand(bAddress, bRows, bColumns, transposeB), batchStride: bStride };
      product(device, aOperand, bOperand, yAddress, sizes, options);
    }
  });
  return y;
}

type Batched = { address: number; stride: number };

/**
 * `y [batch, length]`: a matrix `[length, depth]`, or with `transpose` one `[depth, length]` transposed, times a vector of
 * `depth`.
 */
function vectorProduct(
  device: Device,
  matrix: Batched & { transpose: boolean },
  vector: Batched,
  y: number,
  length: number,
  depth: number,
  { batch, bias }: { batch: number; bias: number },
): void {
  const block = matrix.transpose ? COLUMN_BLOCK : Math.max(1, Math.floor(TASK_PRODUCTS / Math.max(depth, 1)));
  const blocks = Math.ceil(length / block);
  const words = [matrix.address, vector.address, y, bias, length, depth, 4 * matrix.stride, 4 * vector.stride, block, blocks];
  device.launch(matrix.transpose ? Kernel.WeightRows : Kernel.DotRows, batch * blocks, words);
}

function forEachStep(axes: readonly Axis[], f: (aOffset: number, bOffset: number, yOffset: number) => void): void {
  for (let step = 0; step < countOf(axes); step++) {
    const offsets = [0, 0, 0];
    let rest = step;
    for (const { length, strides } of axes.toReversed()) {
      for (const view of offsets.keys()) offsets[view] += (rest % length) * strides[view];
      rest = Math.floor(rest / length);
    }
    f(offsets[0], offsets[1], offsets[2]);
  }
}
