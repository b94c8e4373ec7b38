import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { sizeOf } from '../placement.ts';
import { type BatchAxis, batchAxes } from './batch-axes.ts';
import type { KernelSet } from './kernel-set.ts';
import { type ProductOptions, product } from './product.ts';

type MatMulAttributes = { transposeA: boolean; transposeB: boolean };

/**
 * `BatchMatMul` and `_FusedMatMul` of tfjs, for float32 operands in either storage, with a bias per column and no activation or `relu`; tfjs
 * does the rest. Results are stored as float32 in every precision, as these products may be gradients of parameters.
 */
export const matmulKernels: KernelSet = (device, stock) => ({
  BatchMatMul(params) {
    const { a, b } = params.inputs as { a: TensorInfo; b: TensorInfo };
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock('BatchMatMul')(params);
    return matMul(device, a, b, params.attrs as MatMulAttributes);
  },

  _FusedMatMul(params) {
    const { a, b } = params.inputs as Record<'a' | 'b', TensorInfo>;
    const bias = (params.inputs.bias as TensorInfo | null | undefined) ?? undefined;
    const attributes = params.attrs as MatMulAttributes & { activation: string };
    const columns = b.shape.at(attributes.transposeB ? -2 : -1);
    const fits = bias === undefined || (sizeOf(bias.shape) === columns && bias.shape.at(-1) === columns);
    const known = attributes.activation === 'linear' || attributes.activation === 'relu';
    if (![a, b, bias ?? a].every(({ dtype }) => dtype === 'float32') || !fits || !known) return stock('_FusedMatMul')(params);
    return matMul(device, a, b, attributes, {
      bias,
      activation: attributes.activation === 'relu' ? { kind: 'relu' } : undefined,
    });
  },
});

/** `[..., rows, depth] x [..., depth, columns]`, either one transposed, with the leading axes broadcast. */
function matMul(
  device: Device,
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB }: MatMulAttributes,
  options: ProductOptions = {},
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
  const axes = batchAxes(batch, aBatch, bBatch, [rows * depth, depth * columns]);
  const last = axes.at(-1);
  if (last !== undefined && last.strides[1] === 0 && last.strides[0] === rows * depth && !transposeA) {
    // One right-hand matrix for all along this axis: they are but more rows.
    axes.pop();
    multiply(rows * last.length);
  } else multiply(rows);
  return y;

  function multiply(rows: number): void {
    // The innermost two axes in one launch.
    const [outer, inner] = [axes.at(-2), axes.at(-1)].map((axis) => axis ?? { length: 1, strides: [0, 0] });
    const size = outer.length * inner.length * rows * columns;
    offsetsAlong(axes.slice(0, -2)).forEach(([aOffset, bOffset], index) => {
      product(
        device,
        { values: a, transpose: transposeA, offset: aOffset, batchStride: [outer.strides[0], inner.strides[0]] },
        { values: b, transpose: transposeB, offset: bOffset, batchStride: [outer.strides[1], inner.strides[1]] },
        { values: y, offset: index * size },
        { rows, columns, depth, batch: [outer.length, inner.length] },
        { ...options, divisible: true },
      );
    });
  }
}

/** Where the operands begin at every place of these axes, in order. */
function offsetsAlong(axes: readonly BatchAxis[]): (readonly [a: number, b: number])[] {
  let offsets: (readonly [number, number])[] = [[0, 0]];
  for (const { length, strides } of axes) {
    offsets = offsets.flatMap(([a, b]) => Array.from({ length }, (_, i) => [a + i * strides[0], b + i * strides[1]] as const));
  }
  return offsets;
}
