import { readFile } from 'node:fs/promises';
import { type Tree, VitrailError } from '@vitrail/core';
import { findRecipe, type RunConfiguration } from '@vitrail/recipes';
import { overrideConfiguration, parseAssignments, requireWhole } from '@vitrail/train';
import { fewestPictures } from './evaluation/tasks.ts';

/** What `vitrail pretrain` takes to settle a configuration. */
export type ConfigurationOptions = {
  recipe: string;
  data?: string;
  config?: string;
  set?: readonly string[];
  steps?: number;
  batchSize?: number;
  seed?: number;
};

/**
 * The configuration of a run: the preset's, overridden by the file, by `--data`, by `--set`, and by the short options, in this order.
 *
 * Whatever names other training data without naming evaluation data asks for a part held out of it: nothing is measured on the data of the
 * preset any more. `--data scenes` is the preset's own, with its test split.
 *
 * @throws `unknown-name` and `invalid-argument` for settings that are not there or cannot be.
 */
export async function settleConfiguration(options: ConfigurationOptions): Promise<RunConfiguration> {
  const { preset } = findRecipe(options.recipe);
  let config = preset.config;
  const override = (settings: Tree<unknown>, source: string) => {
    config = overrideConfiguration(config, withEvaluationData(settings), source);
  };
  if (options.config !== undefined) override(await readSettings(options.config), options.config);
  if (options.data !== undefined)
    override({ data: options.data === 'scenes' ? preset.config.data : { train: options.data } }, '--data');
  if (options.set !== undefined) override(parseAssignments(options.set), '--set');
  const short = { steps: options.steps, batchSize: options.batchSize, seed: options.seed };
  const given = Object.fromEntries(Object.entries(short).filter(([, value]) => value !== undefined));
  override({ train: given }, '--steps, --batch-size, --seed');
  requireWhole('train.evaluateSamples', config.train.evaluateSamples, fewestPictures);
  return config;
}

function withEvaluationData(settings: Tree<unknown>): Tree<unknown> {
  const { data } = settings;
  if (typeof data !== 'object' || data === null || !('train' in data) || 'evaluate' in data) return settings;
  return { ...settings, data: { ...data, evaluate: '' } };
}

async function readSettings(path: string): Promise<Tree<unknown>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new VitrailError('invalid-argument', `--config: ${path} cannot be read (${(cause as Error).message})`, { cause });
  }
  try {
    const settings: unknown = JSON.parse(text);
    if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) throw new SyntaxError('not an object');
    return settings as Tree<unknown>;
  } catch (cause) {
    throw new VitrailError('invalid-argument', `--config: ${path} must hold one JSON object (${(cause as Error).message})`, {
      cause,
    });
  }
}
