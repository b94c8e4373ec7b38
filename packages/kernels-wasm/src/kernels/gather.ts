import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import type { KernelSet } from './kernel-set.ts';
import { isWords } from './share.ts';

const TASK_WORDS = 16384;
/** Blocks of table rows of a sum into rows; each looks through all row numbers. */
const MOST_ROW_BLOCKS = 16;
const FEWEST_COLUMNS = 64;

/**
 * `VitrailTakeRows`, its gradient and `VitrailPutRows`, and of tfjs `GatherV2` and `UnsortedSegmentSum`, which its `wasm` backend
 * lacks.
 */
export const gatherKernels: KernelSet = (device, stock) => ({
  VitrailTakeRows({ inputs }) {
    const { table, rows } = inputs as { table: TensorInfo; rows: TensorInfo };
    const [tableRows, width] = table.shape;
    const y = device.output([rows.shape[0], width], table.dtype);
    takeRows(device, table, rows, y, { tables: 1, tablesPerIndices: 1, tableRows, width, count: rows.shape[0] });
    return [y];
  },

  VitrailTakeRowsGrad({ inputs, attrs }) {
    const { dy, rows } = inputs as { dy: TensorInfo; rows: TensorInfo };
    const { tableRows } = attrs as unknown as { tableRows: number };
    return [sumIntoRows(device, dy, rows, [tableRows, dy.shape[1]])];
  },

  VitrailPutRows({ inputs }) {
    const { base, values, rows } = inputs as { base: TensorInfo; values: TensorInfo; rows: TensorInfo };
    const [tableRows, width] = base.shape;
    const y = device.output(base.shape, base.dtype);
    if (tableRows * width === 0) return [y];
    const rowBlock = Math.ceil(tableRows / blocksOf(tableRows * width));
    device.launch(Kernel.PutRows, Math.ceil(tableRows / rowBlock), [
      device.address(base),
      device.address(rows),
      device.address(y),
      rows.shape[0],
      tableRows,
      width,
      1,
      1,
      rowBlock,
      0,
      width,
      device.address(values),
    ]);
    return [y];
  },

  GatherV2(params) {
    const { x, indices } = params.inputs as { x: TensorInfo; indices: TensorInfo };
    const { axis, batchDims } = params.attrs as unknown as { axis: number; batchDims: number };
    if (!isWords(x) || indices.dtype !== 'int32') return stock('GatherV2')(params);
    const along = util.parseAxisParam(axis, x.shape)[0];
    requireInside(device, indices, x.shape[along]);
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } = backend_util.segment_util.collectGatherOpShapeInfo(
      x as never,
      indices as never,
      along,
      batchDims ?? 0,
    );
    const y = device.output(outputShape, x.dtype);
    takeRows(device, x, indices, y, {
      tables: batchSize * outerSize,
      tablesPerIndices: outerSize,
      tableRows: dimSize,
      width: sliceSize,
      count: util.sizeFromShape(indices.shape) / batchSize,
    });
    return y;
  },

  UnsortedSegmentSum({ inputs, attrs }) {
    const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
    const { numSegments } = attrs as unknown as { numSegments: number };
    if (segmentIds.shape.length !== 1 || segmentIds.shape[0] !== x.shape[0] || !isWords(x)) {
      throw new VitrailError(
        'shape-mismatch',
        `UnsortedSegmentSum: expected one segment for each of the ${x.shape[0]} entries of axis 0 of a float32 or int32 x, ` +
          `but segmentIds is [${segmentIds.shape}] and x ${x.dtype}`,
      );
    }
    return sumIntoRows(device, x, segmentIds, [numSegments, ...x.shape.slice(1)]);
  },
});

/** tfjs's own error for an index outside of the axis. */
function requireInside(device: Device, indices: TensorInfo, limit: number): void {
  const { buffer } = device.backend.wasm.HEAPU8;
  const values = new Int32Array(buffer, device.address(indices), util.sizeFromShape(indices.shape));
  const outside = values.find((index) => index < 0 || index >= limit);
  util.assert(outside === undefined, () => `GatherV2: the index value ${outside} is not in [0, ${limit - 1}]`);
}

type Gathering = { tables: number; tablesPerIndices: number; tableRows: number; width: number; count: number };

function takeRows(device: Device, from: TensorInfo, rows: TensorInfo, to: TensorInfo, sizes: Gathering): void {
  const { tables, tablesPerIndices, tableRows, width, count } = sizes;
  if (tables * count * width === 0) return;
  const rowBlock = Math.max(1, Math.floor(TASK_WORDS / width));
  const addresses = [from, rows, to].map((tensor) => device.address(tensor));
  const words = [...addresses, count, tableRows, width, tables, tablesPerIndices, rowBlock];
  device.launch(Kernel.TakeRows, Math.ceil((tables * count) / rowBlock), words);
}

function sumIntoRows(device: Device, from: TensorInfo, rows: TensorInfo, shape: readonly number[]): TensorInfo {
  const y = device.output(shape, from.dtype);
  const tableRows = shape[0];
  const width = util.sizeFromShape(shape.slice(1));
  const count = rows.shape[0];
  if (tableRows * width === 0) return y;
  const work = (tableRows + count) * width;
  const rowBlock = Math.ceil(tableRows / blocksOf(work));
  const rowBlocks = Math.ceil(tableRows / rowBlock);
  // Few rows that much goes into are divided by columns too.
  const columnBlock = rowBlocks >= blocksOf(work) / 2 ? width : Math.min(width, FEWEST_COLUMNS);
  const addresses = [from, rows, y].map((tensor) => device.address(tensor));
  const integer = from.dtype === 'int32' ? 1 : 0;
  const words = [...addresses, count, tableRows, width, 1, 1, rowBlock, rowBlocks, columnBlock, 0, integer];
  device.launch(Kernel.AddRows, rowBlocks * Math.ceil(width / columnBlock), words);
  return y;
}

function blocksOf(words: number): number {
  return Math.min(MOST_ROW_BLOCKS, Math.ceil(words / TASK_WORDS));
}
