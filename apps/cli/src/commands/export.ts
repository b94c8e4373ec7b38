import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startBackend } from '@vitrail/backend';
import { replaceFile } from '@vitrail/checkpoints/node';
import { VitrailError } from '@vitrail/core';
import { type ExportFormat, exportModel as filesOfModel, requireExportable } from '@vitrail/pretrained';
import { loadModel } from '../model.ts';

/** What `vitrail export` takes. */
export type ExportOptions = { model: string; format: ExportFormat; out: string; json?: boolean };

/** `vitrail export`: writes a model's towers and tokenizer into a folder, in a published form; what that form does not hold is said on stderr. */
export async function exportModel(options: ExportOptions): Promise<void> {
  const { model: path, format, out, json } = options;
  await startBackend('cpu'); // It keeps tensors and computes next to nothing.
  const model = await loadModel(path, '--model');
  try {
    const { files, notes } = await filesOfModel(requireExportable(model), format);
    try {
      await mkdir(out, { recursive: true });
    } catch (cause) {
      throw new VitrailError('io', `--out: ${out} cannot be made (${(cause as Error).message})`, { cause });
    }
    for (const [name, bytes] of Object.entries(files)) await replaceFile(join(out, name), bytes);
    const names = Object.keys(files);
    if (json) process.stdout.write(`${JSON.stringify({ folder: out, files: names, notes })}\n`);
    else for (const name of names) process.stdout.write(`${join(out, name)}\n`);
    for (const note of notes) process.stderr.write(`note: ${note}\n`);
  } finally {
    model.dispose();
  }
}
