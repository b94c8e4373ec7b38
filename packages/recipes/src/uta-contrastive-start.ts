import { VitrailError } from '@vitrail/core';
import type { OpenedModel, VitrailDescription, VitrailFileConfig } from '@vitrail/pretrained';

/** Throws `invalid-argument` unless the model has texts, was pretrained here, and takes crops of this size. */
export function requireStart(
  model: OpenedModel | undefined,
  size: number,
): { model: OpenedModel; description: VitrailDescription } {
  if (model === undefined) {
    throw new VitrailError('invalid-argument', 'uta-contrastive tunes a model, but none came: assemble(config, model)');
  }
  const { config, encoders, family } = model;
  const kind = (config as Partial<VitrailDescription>).kind;
  if (encoders.text === undefined || model.tokenizer === undefined) {
    throw new VitrailError(
      'invalid-argument',
      `start.model (${family.name}) has no text tower with its tokenizer to be tuned with`,
    );
  }
  if (kind !== 'aligned' && kind !== 'tips') {
    throw new VitrailError(
      'invalid-argument',
      `start.model is a run of uta, or of a recipe with the towers of TIPS, but it is ${family.name}: its file form is not one that a run writes`,
    );
  }
  if (encoders.image.imageSize !== size) {
    throw new VitrailError(
      'invalid-argument',
      `start.model was made for ${encoders.image.imageSize} pixels, but views.globalSize is ${size}: set it to ${encoders.image.imageSize}`,
    );
  }
  // What opening has found out about the file is no part of what the next file says of itself.
  const { hasLogitScale: _, heads: __, ...description } = config as VitrailFileConfig;
  return { model, description };
}
