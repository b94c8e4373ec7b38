import { nearestName, VitrailError } from '@vitrail/core';
import { clip } from './clip.ts';
import type { DualEncoderConfiguration } from './configuration.ts';
import type { Preset, Recipe } from './recipe.ts';
import { tips } from './tips.ts';
import { tipsv2 } from './tipsv2.ts';

/** Every recipe there is, in the order in which they are listed. */
export const recipes: readonly Recipe[] = [tipsv2, tips, clip];

/**
 * The recipe and preset of a name like `tipsv2:small`; without a colon the preset is `tiny`.
 *
 * @throws `unknown-name` with the nearest name there is.
 */
export function findRecipe(name: string): { recipe: Recipe; presetName: string; preset: Preset<DualEncoderConfiguration> } {
  const colon = name.indexOf(':');
  const recipeName = colon < 0 ? name : name.slice(0, colon);
  const presetName = colon < 0 ? 'tiny' : name.slice(colon + 1);
  const recipe = recipes.find((candidate) => candidate.name === recipeName);
  if (recipe === undefined)
    throw unknown(
      'recipe',
      recipeName,
      recipes.map((candidate) => candidate.name),
    );
  const preset = recipe.presets[presetName];
  if (!Object.hasOwn(recipe.presets, presetName))
    throw unknown(`preset of ${recipeName}`, presetName, Object.keys(recipe.presets));
  return { recipe, presetName, preset };
}

function unknown(kind: string, name: string, known: readonly string[]): VitrailError {
  const nearest = nearestName(name, known);
  return new VitrailError(
    'unknown-name',
    `there is no ${kind} "${name}"${nearest ? `; did you mean "${nearest}"?` : ''} (there are: ${known.join(', ')})`,
  );
}
