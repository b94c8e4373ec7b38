import type { TensorInfo } from '@tensorflow/tfjs-core';
import { bucketsOf } from '../buckets.ts';
import type { Device } from '../device.ts';
import { numbered, uploadTable } from '../multi-tensor.ts';
import { sizeOf } from '../placement.ts';
import { adafactorColumns, adafactorMatrices, adafactorRows } from '../shaders/adafactor-moments.ts';
import { adafactorApply, adafactorLengths, adafactorSquares } from '../shaders/adafactor-update.ts';
import { ADAFACTOR_BLOCK, ADAFACTOR_WORDS, type AdafactorWord, CHUNK_ROWS, TILE_COLUMNS } from '../wgsl/adafactor-table.ts';
import type { KernelSet } from './kernel-set.ts';

type Attributes = {
  decayExponent: number;
  clippingThreshold: number;
  scaleByParameter: boolean;
  t: number;
  rates: number[];
  decays: number[];
};

/** One parameter: `row` is its second moment and there is no `column` where it is no matrix. */
type Task = { param: TensorInfo; gradient: TensorInfo; row: TensorInfo; column?: TensorInfo; keep: number; rate: number };

/** Where the results of a task go, in the order of the kernel's outputs. */
type Results = TensorInfo[];

/** `VitrailAdafactor`: six launches per bucket of parameters. */
export const adafactorKernels: KernelSet = (device) => ({
  VitrailAdafactor({ inputs, attrs }) {
    const given = inputs as Record<string, TensorInfo | undefined>;
    const attributes = attrs as Attributes;
    const { rates, decays } = attributes;
    const gradients = numbered(given, 'gradient');
    const tasks = numbered(given, 'param').map((param, i): Task => {
      const row = (given[`rows${i}`] ?? given[`secondMoment${i}`]) as TensorInfo;
      return { param, gradient: gradients[i], row, column: given[`columns${i}`], keep: 1 - rates[i] * decays[i], rate: rates[i] };
    });
    const results = tasks.map(({ param, row, column }): Results => {
      if (sizeOf(param.shape) > 0) return [];
      // Of an empty parameter there is nothing to learn: its moments stay.
      for (const moment of [row, column]) if (moment !== undefined) device.backend.incRef(moment.dataId);
      return [device.output(param.shape), row, ...(column === undefined ? [] : [column])];
    });
    const lists = [tasks.map(({ param }) => param), gradients, tasks.map(({ row }) => row)];
    for (const bucket of bucketsOf(device, lists)) {
      const updated = updateBucket(
        device,
        bucket.map((i) => tasks[i]),
        attributes,
        given.gradientScale,
      );
      for (const [k, i] of bucket.entries()) results[i] = updated[k];
    }
    return results.flat();
  },
});

function updateBucket(
  device: Device,
  tasks: readonly Task[],
  { decayExponent, clippingThreshold, scaleByParameter, t }: Attributes,
  gate: TensorInfo | undefined,
): Results[] {
  const matrices = tasks.filter(({ column }) => column !== undefined);
  const columns = matrices.map(({ column }) => column as TensorInfo);
  const param = device.gather(tasks.map((task) => task.param));
  const gradient = device.gather(tasks.map((task) => task.gradient));
  const rowMoments = device.gather(tasks.map(({ row }) => row));
  const newParams = device.outputsTogether(tasks.map((task) => task.param.shape));
  const newRows = device.outputsTogether(tasks.map(({ row }) => row.shape));
  const none = { ...device.scratch(1), elements: [], dataIds: [] };
  const columnMoments = columns.length > 0 ? device.gather(columns) : none;
  const newColumns =
    columns.length > 0 ? device.outputsTogether(columns.map(({ shape }) => shape)) : { tensors: [], together: none };

  const blocks = { row: 0, column: 0, matrix: 0, element: 0, partials: 0 };
  let matrix = 0;
  const results: Results[] = [];
  const rows = tasks.map((task, i) => {
    const size = sizeOf(task.param.shape);
    const [rowCount, columnCount] = task.column === undefined ? [size, 1] : task.param.shape.slice(-2);
    const stack = size / (rowCount * columnCount);
    const lanesPerRow = Math.min(256, 2 ** Math.ceil(Math.log2(Math.max(1, columnCount / 4))));
    const words: Record<Exclude<AdafactorWord, 'keep' | 'rate'>, number> = {
      firstRowBlock: blocks.row,
      firstColumnBlock: blocks.column,
      firstMatrix: blocks.matrix,
      firstBlock: blocks.element,
      size,
      rows: rowCount,
      columns: columnCount,
      lanesPerRow,
      isMatrix: Number(task.column !== undefined),
      param: param.elements[i],
      gradient: gradient.elements[i],
      rowMoments: rowMoments.elements[i],
      newRowMoments: newRows.together.elements[i],
      columnMoments: task.column === undefined ? 0 : columnMoments.elements[matrix],
      newColumnMoments: task.column === undefined ? 0 : newColumns.together.elements[matrix],
      newParam: newParams.together.elements[i],
      firstPartial: blocks.partials,
    };
    blocks.row += Math.ceil((stack * rowCount * lanesPerRow) / 256);
    blocks.element += Math.ceil(size / ADAFACTOR_BLOCK);
    if (task.column === undefined) results.push([newParams.tensors[i], newRows.tensors[i]]);
    else {
      const chunks = stack * Math.ceil(rowCount / CHUNK_ROWS);
      blocks.column += chunks * Math.ceil(columnCount / TILE_COLUMNS);
      blocks.partials += chunks * columnCount;
      blocks.matrix += stack;
      results.push([newParams.tensors[i], newRows.tensors[i], newColumns.tensors[matrix]]);
      matrix++;
    }
    const integers = ADAFACTOR_WORDS.flatMap((word) => (word === 'keep' || word === 'rate' ? [] : [words[word]]));
    return { words: integers, numbers: [task.keep, task.rate] };
  });

  const partials = device.scratch(blocks.partials);
  const means = device.scratch(blocks.matrix);
  const sums = device.scratch(2 * blocks.element);
  const lengths = device.scratch(tasks.length);
  const table = uploadTable(device, rows, gate);
  const beta2 = 1 - t ** -decayExponent;
  const [newRowMoments, newColumnMoments] = [newRows.together, newColumns.together];
  const over = (count: number) => ({ tensors: tasks.length, blocks: count, beta2, rest2: 1 - beta2 });
  const run = device.launch.bind(device);

  run(adafactorRows, undefined, { gradient, rowMoments, newRowMoments, table }, over(blocks.row), blocks.row);
  run(adafactorColumns, undefined, { gradient, partials, table }, over(blocks.column), blocks.column);
  const ofMatrices = { newRowMoments, partials, columnMoments, newColumnMoments, means, table };
  run(adafactorMatrices, undefined, ofMatrices, over(blocks.matrix), blocks.matrix);
  const directions = { gradient, param, newRowMoments, newColumnMoments, means };
  run(adafactorSquares, undefined, { ...directions, sums, table }, over(blocks.element), blocks.element);
  const clips = clippingThreshold < Number.POSITIVE_INFINITY;
  const how = { clips: Number(clips), threshold: clips ? clippingThreshold : 1, scalesByParameter: Number(scaleByParameter) };
  run(adafactorLengths, undefined, { sums, lengths, table }, { tensors: tasks.length, ...how }, tasks.length);
  const newParam = newParams.together;
  run(adafactorApply, undefined, { ...directions, lengths, newParam, table }, over(blocks.element), blocks.element);
  return results;
}
