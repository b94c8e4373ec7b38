import { treeToSafetensors } from '@vitrail/checkpoints';
import { VitrailError } from '@vitrail/core';
import type { VitrailModelConfig } from '../families/vitrail.ts';
import { vitrailMetadata } from '../families/vitrail-metadata.ts';
import { exportHuggingFace } from './export-hugging-face.ts';
import { exportTipsPytorch, exportTipsScenic } from './export-tips-npz.ts';
import type { ExportableModel, ExportedModel } from './exportable.ts';

const exporters = {
  vitrail: exportVitrail,
  hf: exportHuggingFace,
  'tips-npz': exportTipsPytorch,
  'tips-scenic-npz': exportTipsScenic,
} as const;

/** A published form that models can be written in. */
export type ExportFormat = keyof typeof exporters;

/** All of them. */
export const exportFormats = Object.keys(exporters) as readonly ExportFormat[];

/**
 * The files of a model in a published form: `hf` is a folder that transformers reads as `Tipsv2Model`, `tips-npz` and `tips-scenic-npz` what
 * TIPS' own code reads, in PyTorch and in scenic, and `vitrail` a `model.safetensors` that says everything about itself.
 *
 * @param model of `requireExportable`; its tensors stay the caller's
 * @returns files by name, and in sentences what of the model the form does not hold
 * @throws `invalid-argument` for a model that the form cannot hold
 * @example (await exportModel(requireExportable(await openModelAt('runs/a')), 'hf')).files['config.json']
 */
export function exportModel(model: ExportableModel, format: ExportFormat): Promise<ExportedModel> {
  return exporters[format](model);
}

async function exportVitrail({ vit, text, params, tokenizer }: ExportableModel): Promise<ExportedModel> {
  if (tokenizer === undefined) {
    throw new VitrailError(
      'invalid-argument',
      'a model of Vitrail holds its tokenizer: name the tokenizer file beside the weights',
    );
  }
  const description: VitrailModelConfig = { kind: 'tips', vit, text, tokenizer: tokenizer.toJSON() };
  const metadata = vitrailMetadata(description);
  return { files: { 'model.safetensors': await treeToSafetensors(params, metadata) }, notes: [] };
}
