import { bytesSource, treeToSafetensors } from '@vitrail/checkpoints';
import { createRng, disposeTree, type TensorTree } from '@vitrail/core';
import { type OpenedModel, openModel, vitrailMetadata } from '@vitrail/pretrained';
import { assembleTips, type TipsConfiguration } from '../src/index.ts';
import { tiny, tokenizer } from './tiny-system.ts';

/** A model file as runs write it, read back: the towers of TIPSv2 as they start. The caller disposes it. */
export async function tinyTeacher(overrides: Parameters<typeof tiny>[0] = {}, seed = 3): Promise<OpenedModel> {
  const config: TipsConfiguration = tiny(overrides);
  const { model, program } = assembleTips(config);
  const { params, carried } = program.init(createRng(seed));
  try {
    return await reopened(params, model.describe(tokenizer));
  } finally {
    disposeTree(params);
    disposeTree(carried);
  }
}

/** The model of these tensors, written to a file and read back. The caller disposes it. */
export async function reopened(tensors: TensorTree, description: Parameters<typeof vitrailMetadata>[0]): Promise<OpenedModel> {
  const file = await treeToSafetensors(tensors, vitrailMetadata(description));
  return await openModel([bytesSource(file, 'model.safetensors')], { withHeads: true });
}
