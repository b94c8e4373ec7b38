import { createHash } from 'node:crypto';
import type { Tensor } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';

/**
 * SHA-256 of all tensors of a tree, with their paths and shapes, in hexadecimal: what tells a model from another of its size.
 *
 * Of the values and not of the files they came in: checkpoints of one model have headers and sizes in common and differ in values alone, and
 * a model may lie in several files, of any format.
 */
export async function weightsDigest(tree: TensorTree): Promise<string> {
  const hash = createHash('sha256');
  for (const [path, leaf] of Object.entries(flattenTree<Tensor>(tree))) {
    hash.update(`${path} ${leaf.shape}\n`);
    hash.update(new Uint8Array((await leaf.data<'float32'>()).slice().buffer));
  }
  return hash.digest('hex');
}
