import type { OpenedModel } from '@vitrail/pretrained';
import { openModelAt } from '@vitrail/pretrained/node';
import type { Recipe, RunConfiguration } from '@vitrail/recipes';
import { findModel } from '../model.ts';

/** The model that a run learns from, and the folder or files that it was read from: of a run, one of its checkpoints. */
export type Teacher = { model: OpenedModel; path: string };

/**
 * Opens the model that a recipe learns from, or `undefined` where it learns from none. The caller disposes it.
 *
 * @throws `missing-data` when there is none where `teacher.model` says, and as `openModel`.
 */
export async function openTeacher(recipe: Recipe, config: RunConfiguration): Promise<Teacher | undefined> {
  if (recipe.teacher === undefined) return undefined;
  const path = await findModel(recipe.teacher(config), 'teacher.model');
  return { model: await openModelAt(path, { withHeads: true }), path };
}
