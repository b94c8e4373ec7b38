import type { TensorInfo } from '@tensorflow/tfjs-core';
import { bucketsOf } from './buckets.ts';
import type { Device } from './device.ts';
import { type Placement, sizeOf } from './placement.ts';
import type { Shader } from './shader.ts';
import type { Together } from './tensor-store.ts';
import { TABLE_HEADER } from './wgsl/tensor-table.ts';

/** Elements of a block of a shader with one vector of four per invocation. */
export const BLOCK = 1024;

/** A launch per bucket over many tensors. */
export type MultiTensorLaunch = {
  shader: Shader;
  /** By the name of the binding, tensor by tensor; all lists have the same shapes. */
  inputs: Readonly<Record<string, readonly TensorInfo[]>>;
  /** Bindings of the results, which have these shapes too. */
  outputs: readonly string[];
  /** What the table holds for a tensor after where it lies. */
  numbers?: (i: number) => readonly number[];
  /** A scalar at the head of the table; 1 where there is none. */
  gate?: TensorInfo;
  uniforms?: Readonly<Record<string, number>>;
};

/**
 * Runs a shader of {@link tensorTable} over many tensors, in blocks of {@link BLOCK}. A row of its table has the tensor's first block and
 * size, then where it begins in each input and in the outputs (in vectors of four; alike in all outputs), then its own numbers (float32).
 *
 * @returns by output, the new tensors in order.
 */
export function launchMultiTensor(
  device: Device,
  { shader, inputs, outputs, numbers = () => [], gate, uniforms = {} }: MultiTensorLaunch,
): TensorInfo[][] {
  const lists = Object.values(inputs);
  const made = outputs.map((): TensorInfo[] => []);
  lists[0].forEach(({ shape }, i) => {
    if (sizeOf(shape) === 0) for (const list of made) list[i] = device.output(shape);
  });
  for (const bucket of bucketsOf(device, lists)) {
    const sources = Object.entries(inputs).map(([name, list]): [string, Together] => [
      name,
      device.gather(bucket.map((i) => list[i])),
    ]);
    const results = outputs.map((name) => [name, device.outputsTogether(bucket.map((i) => lists[0][i].shape))] as const);
    results.forEach(([, { tensors }], output) => {
      for (const [k, i] of bucket.entries()) made[output][i] = tensors[k];
    });
    const places = [...sources, ...results.map(([name, { together }]): [string, Together] => [name, together])];
    const starts = [...sources.map(([, place]) => place), results[0][1].together];
    const sizes = bucket.map((i) => sizeOf(lists[0][i].shape));
    const { first, blocks } = firstBlocks(sizes, BLOCK);
    const rows = bucket.map((i, k) => ({
      words: [first[k], sizes[k], ...starts.map(({ elements }) => elements[k] / 4)],
      numbers: numbers(i),
    }));
    const operands = { ...Object.fromEntries(places), table: uploadTable(device, rows, gate) };
    device.launch(shader, undefined, operands, { ...uniforms, tensors: bucket.length, blocks }, blocks);
  }
  return made;
}

/** What a table says of a tensor: integers, then float32 numbers. */
export type TableRow = { words: readonly number[]; numbers?: readonly number[] };

/**
 * The table of {@link tensorTable}, for the launches of the kernel that runs.
 *
 * @param gate a scalar at the head of the table; 1 where there is none.
 */
export function uploadTable(device: Device, rows: readonly TableRow[], gate?: TensorInfo): Placement {
  const rowWords = rows[0].words.length + (rows[0].numbers?.length ?? 0);
  const words = new Uint32Array(TABLE_HEADER + rowWords * rows.length);
  const floats = new Float32Array(words.buffer);
  floats[0] = 1;
  rows.forEach(({ words: own, numbers = [] }, i) => {
    const at = TABLE_HEADER + i * rowWords;
    words.set(own, at);
    floats.set(numbers, at + own.length);
  });
  const table = device.upload(words);
  if (gate !== undefined) device.store.copyTo(gate, table);
  return table;
}

/** The first block of each tensor, and the number of all blocks. */
export function firstBlocks(sizes: readonly number[], block: number): { first: number[]; blocks: number } {
  let blocks = 0;
  const first = sizes.map((size) => {
    const before = blocks;
    blocks += Math.ceil(size / block);
    return before;
  });
  return { first, blocks };
}

/** The inputs `name0`, `name1`, ... of a kernel, in order. */
export function numbered(inputs: Readonly<Record<string, TensorInfo | undefined>>, name: string): TensorInfo[] {
  const tensors: TensorInfo[] = [];
  for (let next = inputs[`${name}0`]; next !== undefined; next = inputs[`${name}${tensors.length}`]) tensors.push(next);
  return tensors;
}
