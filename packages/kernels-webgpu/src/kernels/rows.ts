import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Device, WORKGROUP_LIMIT } from '../device.ts';
import type { Placement } from '../placement.ts';
import { BINS, CHUNK, countInBins, orderByBin, startsOfBins } from '../shaders/bin-rows.ts';
import { putRows } from '../shaders/put-rows.ts';
import { takeRows, takeRowsGrad } from '../shaders/take-rows.ts';
import { rowTile, TILE_ROWS } from '../wgsl/row-tile.ts';
import type { KernelSet } from './kernel-set.ts';
import { zeros } from './zeros.ts';

/** Reads of an index by a tile that are worth three launches, which put the indices in order first. */
const WORTH_BINNING = 2 ** 20;

/**
 * `VitrailTakeRows`, its gradient, and `VitrailPutRows`, one launch each, or four for the last two where tables and indices are many. Indices outside the table are left out: they never lead to memory
 * of others. The gradient is float32 in every precision, because the table may be a parameter.
 */
export const rowKernels: KernelSet = (device, stock) => ({
  VitrailTakeRows({ inputs }) {
    const { table, rows } = inputs as Record<'table' | 'rows', TensorInfo>;
    const [tableRows, width] = table.shape;
    const [count] = rows.shape;
    if (tableRows === 0) return [zeros(device, [count, width])];
    const y = device.activation([count, width]);
    const { vector } = rowTile(width);
    const columns = vector ? width / 4 : width;
    const total = count * columns;
    device.launch(
      takeRows,
      { vector },
      { table, rows, y },
      { count: total, columns, tableRows },
      Math.ceil(total / WORKGROUP_LIMIT),
    );
    return [y];
  },

  VitrailTakeRowsGrad({ inputs, attrs }) {
    const { dy, rows } = inputs as Record<'dy' | 'rows', TensorInfo>;
    const { tableRows } = attrs as { tableRows: number };
    const [count, width] = dy.shape;
    const shape = [tableRows, width];
    if (count * width === 0) return [zeros(device, shape)];
    const dTable = device.output(shape);
    const { tile, operands, uniforms, workgroups } = onTiles(device, rows, { count, width, tableRows });
    device.launch(takeRowsGrad, tile, { dy, rows, ...operands, dTable }, uniforms, workgroups);
    return [dTable];
  },

  VitrailPutRows(call) {
    const { base, values, rows } = call.inputs as Record<'base' | 'values' | 'rows', TensorInfo>;
    const [tableRows, width] = base.shape;
    const [count] = rows.shape;
    if (count * width === 0) return stock('Identity')({ ...call, inputs: { x: base } });
    const y = device.activation(base.shape);
    const { tile, operands, uniforms, workgroups } = onTiles(device, rows, { count, width, tableRows });
    device.launch(putRows, tile, { base, values, rows, ...operands, y }, uniforms, workgroups);
    return [y];
  },
});

/**
 * How a launch goes over a table in tiles of rows. Where every tile would have to look at very many indices, they are put in order of the
 * part of the table (a 256th) that they are in, and a tile looks at those of its part: three launches, and the same order within a row.
 */
function onTiles(
  device: Device,
  rows: TensorInfo,
  { count, width, tableRows }: { count: number; width: number; tableRows: number },
) {
  const workgroups = Math.ceil(tableRows / TILE_ROWS);
  const binned = count * workgroups >= WORTH_BINNING;
  const tile = rowTile(width, { binned });
  const columns = tile.vector ? width / 4 : width;
  const tilesPerBin = Math.ceil(workgroups / BINS);
  const chunks = Math.ceil(count / CHUNK);
  const uniforms = { count, columns, tableRows, chunks, tilesPerBin };
  if (!binned) return { tile, operands: {}, uniforms, workgroups };
  const counts = device.scratch(BINS * chunks, 'u32');
  const operands: Record<'starts' | 'order', Placement> = {
    starts: device.scratch(BINS * chunks + 1, 'u32'),
    order: device.scratch(count, 'u32'),
  };
  const sizes = { count, tableRows, rowsPerBin: TILE_ROWS * tilesPerBin, chunks };
  device.launch(countInBins, undefined, { rows, counts }, sizes, chunks);
  device.launch(startsOfBins, undefined, { counts, starts: operands.starts }, sizes, 1);
  device.launch(orderByBin, undefined, { rows, ...operands }, sizes, chunks);
  return { tile, operands, uniforms, workgroups };
}
