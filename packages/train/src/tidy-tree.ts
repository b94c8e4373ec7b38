import { type Tensor, type TensorContainer, tidy } from '@tensorflow/tfjs-core';
import { type TensorTree, treeLeaves } from '@vitrail/core';

/** `tidy` for a function that gives trees of tensors: everything else it makes is disposed. */
export function tidyTree<T extends TensorTree>(make: () => T): T {
  // tidy asks for containers that can be written to, which trees are not; it only reads them.
  return tidy(() => make() as TensorContainer) as T;
}

/** Disposes the tensors of `trees` that no tree of `survivors` holds. */
export function disposeExcept(trees: readonly TensorTree[], survivors: readonly TensorTree[]): void {
  const alive = new Set(survivors.flatMap((tree) => treeLeaves<Tensor>(tree)));
  for (const leaf of trees.flatMap((tree) => treeLeaves<Tensor>(tree))) {
    if (!alive.has(leaf) && !leaf.isDisposed) leaf.dispose();
  }
}
