import type { OpenedModel } from '@vitrail/pretrained';
import { openModelAt } from '@vitrail/pretrained/node';
import type { Recipe, RunConfiguration } from '@vitrail/recipes';
import { findModel } from '../model.ts';

/** The model that a recipe needs, and the folder or files that it was read from: of a run, one of its checkpoints. */
export type NeededModel = { model: OpenedModel; path: string };

/**
 * Opens the model that a recipe learns from or starts from, or `undefined` where it needs none. The caller disposes it.
 *
 * @throws `missing-data` when there is none where the setting says, and as `openModel`.
 */
export async function openNeededModel(recipe: Recipe, config: RunConfiguration): Promise<NeededModel | undefined> {
  if (recipe.needs === undefined) return undefined;
  const { setting, model } = recipe.needs(config);
  const path = await findModel(model, setting);
  return { model: await openModelAt(path, { withHeads: true }), path };
}
