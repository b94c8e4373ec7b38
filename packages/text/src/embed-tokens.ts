import { reshape, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { takeRows } from '@vitrail/ops';

/** Rows of the embedding `[V, D]` for ids `[B, L]`: `[B, L, D]`. Throws as `takeRows`, and `shape-mismatch` for too long texts. */
export function embedTokens(what: string, embedding: Tensor2D, ids: Tensor2D, maxTokens: number): Tensor3D {
  if (ids.shape.length !== 2) {
    throw new VitrailError('shape-mismatch', `${what}: ids are [B, L], but [${(ids.shape as number[]).join(', ')}] came`);
  }
  const [batch, length] = ids.shape;
  if (length > maxTokens) {
    throw new VitrailError(
      'shape-mismatch',
      `${what}: the tower takes texts of at most ${maxTokens} tokens, but ids of [${batch}, ${length}] came: cut them`,
    );
  }
  const rows = takeRows(embedding, reshape(ids, [batch * length])); // [B * L, D]
  return reshape(rows, [batch, length, embedding.shape[1]]);
}
