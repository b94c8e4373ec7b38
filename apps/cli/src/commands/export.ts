import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors } from '@vitrail/checkpoints';
import { findModelFile } from '../model.ts';

/** What `vitrail export` takes. */
export type ExportOptions = { model: string; format: 'vitrail'; out: string };

/** `vitrail export`: writes a model's weights, described by their metadata and checked on the way, to `DIR/model.safetensors`. */
export async function exportModel({ model, out }: ExportOptions): Promise<void> {
  const file = await findModelFile(model);
  const { tensors } = decodeSafetensors(await readFile(file));
  await mkdir(out, { recursive: true });
  const target = join(out, 'model.safetensors');
  await copyFile(file, target);
  process.stdout.write(`${target}: ${Object.keys(tensors).length} tensors\n`);
}
