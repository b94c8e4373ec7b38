import { PROTOTYPE_COLUMNS } from '../../src/soft-target-blocks';
import { element } from '../gemm/element';
import { packAllColumns } from '../gemm/multiply';

/** A matrix `[depth, columns]` to pack as the right-hand side of a product; strides count floats. */
@unmanaged
export class Packing {
  from: usize;
  columnStride: i32;
  depthStride: i32;
  columns: i32;
  depth: i32;
  to: usize;
}

export function packPrototypesTask(args: Packing, task: i32): void {
  const first = task * PROTOTYPE_COLUMNS;
  packAllColumns(
    element(args.from, args.depthStride, args.columnStride, 0, first),
    args.columnStride,
    args.depthStride,
    min(args.columns - first, PROTOTYPE_COLUMNS),
    args.depth,
    args.to + (((<usize>first) * <usize>args.depth) << 2),
  );
}
