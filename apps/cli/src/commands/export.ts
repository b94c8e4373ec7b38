import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors } from '@vitrail/checkpoints';
import { replaceFile } from '@vitrail/checkpoints/node';
import { VitrailError } from '@vitrail/core';
import { describeModel, findModelFile } from '../model.ts';
import { printResult } from '../print-result.ts';

/** What `vitrail export` takes. */
export type ExportOptions = { model: string; format: 'vitrail'; out: string; json?: boolean };

/** `vitrail export`: writes a model's weights, described by their metadata and checked on the way, to `DIR/model.safetensors`. */
export async function exportModel({ model, out, json }: ExportOptions): Promise<void> {
  const file = await findModelFile(model);
  const bytes = await readFile(file);
  describeModel(bytes, file);
  try {
    await mkdir(out, { recursive: true });
  } catch (cause) {
    throw new VitrailError('io', `--out: ${out} cannot be made (${(cause as Error).message})`, { cause });
  }
  const target = join(out, 'model.safetensors');
  await replaceFile(target, bytes);
  const tensors = Object.keys(decodeSafetensors(bytes).tensors).length;
  printResult({ file: target, tensors }, { json: json ?? false });
}
