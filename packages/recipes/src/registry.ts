import { nearestName, VitrailError } from '@vitrail/core';
import { barlip } from './barlip.ts';
import { byolip } from './byolip.ts';
import { clip } from './clip.ts';
import { clipRocket } from './clip-rocket.ts';
import type { RunConfiguration } from './configuration.ts';
import { dino } from './dino.ts';
import { distill } from './distill.ts';
import { flip } from './flip.ts';
import { ibot } from './ibot.ts';
import { mae } from './mae.ts';
import type { Preset, Recipe } from './recipe.ts';
import { siamlip } from './siamlip.ts';
import { siglip } from './siglip.ts';
import { simmim } from './simmim.ts';
import { swalip } from './swalip.ts';
import { tips } from './tips.ts';
import { tipsv2 } from './tipsv2.ts';
import { uta } from './uta.ts';
import { utaContrastive } from './uta-contrastive.ts';

/** Every recipe there is, in the order in which they are listed. */
export const recipes: readonly Recipe[] = [
  tipsv2,
  tips,
  clip,
  siglip,
  flip,
  uta,
  utaContrastive,
  distill,
  clipRocket,
  siamlip,
  byolip,
  barlip,
  swalip,
  mae,
  simmim,
  dino,
  ibot,
];

/**
 * The recipe and preset of a name like `tipsv2:small`; without a colon the preset is `tiny`.
 *
 * @throws `unknown-name` with the nearest name there is
 * @example findRecipe('tipsv2:B/14').preset.config.image.width // 768
 */
export function findRecipe(name: string): { recipe: Recipe; presetName: string; preset: Preset<RunConfiguration> } {
  const [recipeName, presetName] = name.includes(':') ? splitAtFirst(name, ':') : [name, 'tiny'];
  const recipe = recipes.find((candidate) => candidate.name === recipeName);
  if (recipe === undefined) {
    const names = recipes.map((candidate) => candidate.name);
    throw unknownName('recipe', recipeName, names);
  }
  if (!Object.hasOwn(recipe.presets, presetName)) {
    throw unknownName(`preset of ${recipeName}`, presetName, Object.keys(recipe.presets));
  }
  return { recipe, presetName, preset: recipe.presets[presetName] };
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}

function unknownName(kind: string, name: string, known: readonly string[]): VitrailError {
  const nearest = nearestName(name, known);
  return new VitrailError(
    'unknown-name',
    `there is no ${kind} "${name}"${nearest ? `; did you mean "${nearest}"?` : ''} (there are: ${known.join(', ')})`,
  );
}
