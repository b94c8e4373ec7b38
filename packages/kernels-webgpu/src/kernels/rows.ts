import type { TensorInfo } from '@tensorflow/tfjs-core';
import { WORKGROUP_LIMIT } from '../device.ts';
import { putRows } from '../shaders/put-rows.ts';
import { takeRows, takeRowsGrad } from '../shaders/take-rows.ts';
import { rowTile, TILE_ROWS } from '../wgsl/row-tile.ts';
import type { KernelSet } from './kernel-set.ts';
import { zeros } from './zeros.ts';

/**
 * `VitrailTakeRows`, its gradient, and `VitrailPutRows`, one launch each. Indices outside the table are left out: they never lead to memory
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
    const tile = rowTile(width);
    const columns = tile.vector ? width / 4 : width;
    device.launch(takeRowsGrad, tile, { dy, rows, dTable }, { count, columns, tableRows }, Math.ceil(tableRows / TILE_ROWS));
    return [dTable];
  },

  VitrailPutRows(call) {
    const { base, values, rows } = call.inputs as Record<'base' | 'values' | 'rows', TensorInfo>;
    const [tableRows, width] = base.shape;
    const [count] = rows.shape;
    if (count * width === 0) return stock('Identity')({ ...call, inputs: { x: base } });
    const y = device.activation(base.shape);
    const tile = rowTile(width);
    const columns = tile.vector ? width / 4 : width;
    device.launch(putRows, tile, { base, values, rows, y }, { count, columns, tableRows }, Math.ceil(tableRows / TILE_ROWS));
    return [y];
  },
});
