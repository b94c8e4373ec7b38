import { join } from 'node:path';
import type { BackendName } from '@vitrail/backend';
import { VitrailError } from '@vitrail/core';
import { findRecipe } from '@vitrail/recipes';
import { openRunDirectory } from '@vitrail/train/node';
import { startAnnouncedBackend } from '../backend.ts';
import { exitStatus } from '../exit-status.ts';
import { printResult } from '../print-result.ts';
import { writeReport } from '../report/index.ts';
import { type ConfigurationOptions, settleConfiguration } from '../run-configuration.ts';
import { abortOnInterrupt } from '../training/interrupt.ts';
import { trainRun } from '../training/run.ts';
import { learnTokenizer } from '../training/tokenizer.ts';
import { openTrainingData } from '../training/training-data.ts';
import { versions } from '../version.ts';

/** What `vitrail pretrain` takes. */
export type PretrainOptions = ConfigurationOptions & { out?: string; backend: BackendName; resume?: boolean; json?: boolean };

/** Paths of `config.json` that a resumed run need not share with the run it goes on with: where it runs, not what it computes. */
const mayDiffer = ['versions.vitrail', 'versions.node', 'versions.tfjs'];

/**
 * `vitrail pretrain`: trains a recipe on a source, measures it on pictures it has not seen, and writes the run directory.
 *
 * Ctrl-C ends the run after the step it is in, with a checkpoint to resume from.
 *
 * @returns the exit status: done, or interrupted.
 */
export async function pretrain(options: PretrainOptions): Promise<number> {
  const { recipe, presetName } = findRecipe(options.recipe);
  const settings = await settleConfiguration(options);
  recipe.assemble(settings); // A setting that cannot be is reported before data and devices are touched.
  if (options.resume && options.out === undefined) {
    throw new VitrailError('invalid-argument', '--resume goes on with an existing run: name its directory with --out');
  }
  const backend = await startAnnouncedBackend(options.backend);
  const data = await openTrainingData(settings);
  try {
    const tokenizer = await learnTokenizer(data.train, settings.text);
    const config = { ...settings, text: { ...settings.text, vocabularySize: tokenizer.vocabularySize } };
    const directory = options.out ?? join('runs', `${recipe.name}-${presetName.replaceAll('/', '-')}-${timestamp()}`);
    const origin = { recipe: recipe.name, preset: presetName, backend: backend.name, precision: 'f32', versions: versions() };
    await openRunDirectory(directory, { ...origin, ...config }, { resume: options.resume ?? false, mayDiffer });

    const summary = await trainRun({
      directory,
      system: recipe.assemble(config),
      config,
      tokenizer,
      data,
      backend: backend.name,
      resume: options.resume ?? false,
      signal: abortOnInterrupt(),
    });
    const report = await writeReport(directory);
    printResult({ ...summary, report }, { json: options.json ?? false });
    return summary.status === 'completed' ? exitStatus.done : exitStatus.interrupted;
  } finally {
    await data.close();
  }
}

function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(':', '-');
}
