import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VitrailError } from '@vitrail/core';
import type { OpenedModel } from '@vitrail/pretrained';
import type { Recipe, RunConfiguration } from '@vitrail/recipes';
import { openNamedModel } from '../model.ts';
import { weightsDigest } from '../weights-digest.ts';

/** The model that a recipe needs. */
export type NeededModel = {
  model: OpenedModel;
  /** What names it in a configuration. */
  setting: string;
  /** What `config.json` says of it: the folder or files that it was read from (of a run, one of its checkpoints), and its weights. */
  origin: { path: string; sha256: string };
};

/**
 * Opens the model that a recipe learns from or starts from, or `undefined` where it needs none. The caller disposes it.
 *
 * @throws `missing-data` when there is none where the setting says, and as `openModel`.
 */
export async function openNeededModel(recipe: Recipe, config: RunConfiguration): Promise<NeededModel | undefined> {
  if (recipe.needs === undefined) return undefined;
  const { setting, model: name } = recipe.needs(config);
  const { model, path } = await openNamedModel(name, setting, { withHeads: true });
  return { model, setting, origin: { path, sha256: await weightsDigest(model.params) } };
}

/**
 * Throws `invalid-argument` when a run that goes on would learn from other weights than it has until now, also where they lie at the same place.
 *
 * @param directory of the run; one without a configuration that can be read is for `openRunDirectory` to refuse
 */
export async function requireSameWeights(directory: string, { setting, origin }: NeededModel): Promise<void> {
  const written = await readFile(join(directory, 'config.json'), 'utf8')
    .then(JSON.parse)
    .catch(() => ({}));
  const { learnedFrom } = written as { learnedFrom?: NeededModel['origin'] };
  if (learnedFrom === undefined || learnedFrom.sha256 === origin.sha256) return;
  throw new VitrailError(
    'invalid-argument',
    `${setting}: ${origin.path} does not hold the weights that the run in ${directory} has learned from until now (those that ${learnedFrom.path} held ` +
      'when it began): name a model with those, or start a new run in another directory (--out)',
  );
}
