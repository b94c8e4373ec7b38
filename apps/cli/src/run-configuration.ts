import { readFile } from 'node:fs/promises';
import { type Tree, VitrailError } from '@vitrail/core';
import { type DualEncoderConfiguration, findRecipe } from '@vitrail/recipes';
import { overrideConfiguration, parseAssignments } from '@vitrail/train';

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
 * The configuration of a run: the preset's, overridden by the file, by `--set`, and by the short options, in this order.
 *
 * `--data` replaces the evaluation data too: with the matching split for `scenes`, otherwise with a part held out of the training data.
 */
export async function settleConfiguration(options: ConfigurationOptions): Promise<DualEncoderConfiguration> {
  const { preset } = findRecipe(options.recipe);
  let config = preset.config;
  if (options.config !== undefined) config = overrideConfiguration(config, await readSettings(options.config), options.config);
  if (options.data !== undefined && options.data !== 'scenes') {
    config = overrideConfiguration(config, { data: { train: options.data, evaluate: '' } }, '--data');
  }
  if (options.set !== undefined) config = overrideConfiguration(config, parseAssignments(options.set), '--set');
  const short = { steps: options.steps, batchSize: options.batchSize, seed: options.seed };
  const given = Object.fromEntries(Object.entries(short).filter(([, value]) => value !== undefined));
  return overrideConfiguration(config, { train: given }, '--steps, --batch-size, --seed');
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
