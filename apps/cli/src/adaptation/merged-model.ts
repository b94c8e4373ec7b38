import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Adapter, TowerParams } from '@vitrail/adapt';
import { replaceFile } from '@vitrail/checkpoints/node';
import { type TensorTree, treeLeaves, VitrailError } from '@vitrail/core';
import { exportModel, type OpenedModel, requireExportable } from '@vitrail/pretrained';

/**
 * Throws `invalid-argument`, in words, unless a model with this adapter in it can be written.
 *
 * @param adapter none: a linear probe.
 */
export function requireMergeable(adapter: Adapter | undefined, model: OpenedModel): asserts adapter is Adapter {
  const obstacle = adapter === undefined ? 'a linear probe is a head, and part of neither tower' : adapter.obstacle;
  if (obstacle !== undefined) throw new VitrailError('invalid-argument', `--merge: ${obstacle}`);
  try {
    requireExportable(model);
  } catch (error) {
    throw new VitrailError('invalid-argument', `--merge: ${(error as Error).message}`, { cause: error });
  }
}

/** Writes `model.safetensors`, the model with what was trained in it, into a folder, and gives its path. */
export async function writeMergedModel(
  folder: string,
  adapter: Adapter,
  { model, base, own }: { model: OpenedModel; base: TowerParams; own: TensorTree },
): Promise<string> {
  const merged = adapter.merge(base, own);
  try {
    const params = { ...model.params, ...merged };
    const { files } = await exportModel(requireExportable({ ...model, params }), 'vitrail');
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) await replaceFile(join(folder, name), bytes);
    return join(folder, 'model.safetensors');
  } finally {
    const others = new Set([...treeLeaves<Tensor>(base), ...treeLeaves<Tensor>(own)]);
    for (const leaf of treeLeaves<Tensor>(merged)) if (!others.has(leaf)) leaf.dispose();
  }
}
