import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree, unflattenTree } from '@vitrail/core';
import { remat } from '@vitrail/ops';

/**
 * A block under `remat`, which wants every parameter among its inputs: `run(params, ...inputs)`, of which only parameters and
 * inputs are kept for the backward pass.
 *
 * @param inputs tokens first, and tables that must live until the backward pass
 * @returns the block's output, the caller's
 */
export function rematBlock<Params extends TensorTree>(
  run: (params: Params, ...inputs: Tensor[]) => Tensor3D,
  params: Params,
  inputs: readonly Tensor[],
): Tensor3D {
  const flat = flattenTree<Tensor>(params);
  const paths = Object.keys(flat);
  return remat(
    (...all) => {
      const leaves = all.slice(inputs.length);
      const block = unflattenTree(Object.fromEntries(paths.map((path, i) => [path, leaves[i]])));
      return run(block as Params, ...all.slice(0, inputs.length));
    },
    [...inputs, ...Object.values(flat)],
  );
}
