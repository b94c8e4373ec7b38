import { findRecipe, type Recipe, type RunConfiguration, recipes } from '@vitrail/recipes';
import { overrideConfiguration, parseAssignments, requireRange, requireWhole } from '@vitrail/train';

/** What a user asks for. Everything that a run computes follows from this and the data. */
export type RunPlan = {
  /** A recipe and a preset of it, `tipsv2:tiny`; `mini` is the studio's own. */
  readonly preset: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly learningRate: number;
  /** Further settings, as `path=value`: those of `--set`. */
  readonly settings: readonly string[];
  /** Where pictures come from: drawn scenes, or files that the user has picked. */
  readonly data: 'scenes' | 'files';
};

/** A plan with everything that it leaves to the preset. */
export type SettledPlan = { readonly recipe: Recipe; readonly presetName: string; readonly config: RunConfiguration };

/** What the page shows of a preset. */
export type PresetCard = {
  readonly name: string;
  readonly recipe: string;
  /** Of the recipe, for people. */
  readonly title: string;
  readonly paper: string;
  readonly preset: string;
  readonly note: string;
  readonly readsCaptions: boolean;
  readonly usual: Pick<RunPlan, 'steps' | 'batchSize' | 'seed' | 'learningRate'>;
};

/** What makes a preset small enough for a GPU in software, which takes a second for what a real one does in a hundredth. */
const miniSettings: readonly string[] = [
  'image.width=48',
  'image.depth=1',
  'image.heads=2',
  'image.mlpHidden=96',
  'image.positionGrid=4',
  'text.depth=1',
  'text.heads=2',
  'text.mlpHidden=96',
  'heads.hidden=64',
  'heads.bottleneck=32',
  'heads.prototypes=64',
  'views.globalSize=32',
  'optimizer.warmupSteps=10',
  'train.steps=200',
  'train.batchSize=16',
  'train.checkpointEvery=50',
];
const miniNote = '32 px, 8 x 8 patches, width 48; for a GPU in software and slow machines';

/** The presets of all recipes that need no model to learn from, `tiny` first. */
export function presetCards(): readonly PresetCard[] {
  return recipes
    .filter(({ needs }) => needs === undefined)
    .flatMap((recipe) => [
      ...Object.entries(recipe.presets)
        .slice(0, 1)
        .map(([preset, { note }]) => card(recipe, preset, note)),
      card(recipe, 'mini', miniNote),
      ...Object.entries(recipe.presets)
        .slice(1)
        .map(([preset, { note }]) => card(recipe, preset, note)),
    ]);
}

function card({ name, title, paper }: Recipe, preset: string, note: string): PresetCard {
  const { optimizer, train, captions } = presetConfiguration(`${name}:${preset}`).config;
  const { steps, batchSize, seed } = train;
  return {
    name: `${name}:${preset}`,
    recipe: name,
    title,
    paper,
    preset,
    note,
    readsCaptions: captions !== undefined,
    usual: { steps, batchSize, seed, learningRate: optimizer.learningRate },
  };
}

/**
 * The configuration of a plan.
 *
 * @throws `invalid-argument` and `unknown-name`, naming what cannot be
 */
export function settlePlan(plan: RunPlan): SettledPlan {
  const { preset, steps, batchSize, seed, learningRate, settings } = plan;
  const { recipe, presetName, config } = presetConfiguration(preset);
  requireWhole('steps', steps, 1);
  requireWhole('batch size', batchSize, 1);
  requireWhole('seed', seed, 0);
  requireRange('learning rate', learningRate, 1e-9, 100);
  const given = { train: { steps, batchSize, seed }, optimizer: { learningRate } };
  const settled = overrideConfiguration(overridden(config, given), parseAssignments(settings), 'further settings');
  recipe.check(settled);
  return { recipe, presetName, config: settled };
}

function presetConfiguration(name: string): SettledPlan {
  const [recipeName, presetName] = name.split(':');
  if (presetName !== 'mini') {
    const { recipe, preset } = findRecipe(name);
    return { recipe, presetName, config: preset.config };
  }
  const { recipe, preset } = findRecipe(recipeName);
  const known = (path: string) =>
    path.split('.').reduce<unknown>((tree, key) => (tree as Record<string, unknown>)?.[key], preset.config);
  const applicable = miniSettings.filter((setting) => known(setting.split('=')[0]) !== undefined);
  return { recipe, presetName, config: overridden(preset.config, parseAssignments(applicable)) };
}

function overridden(config: RunConfiguration, settings: Parameters<typeof overrideConfiguration>[1]): RunConfiguration {
  return overrideConfiguration(config, settings, 'the form');
}
