import { join } from 'node:path';
import type { BackendReport } from '@vitrail/backend';
import { latestCheckpoint } from '@vitrail/checkpoints/node';
import { createRng, disposeTree, VitrailError } from '@vitrail/core';
import type { SampleSource } from '@vitrail/data';
import { findRecipe, learnTokenizer, type Recipe, type RunConfiguration } from '@vitrail/recipes';
import type { Tokenizer } from '@vitrail/text';
import { openRunDirectory } from '@vitrail/train/node';
import { type BackendOptions, goesWithWebGpu, startAnnouncedBackend } from '../backend.ts';
import { nothingToMeasure, possibleTasks } from '../evaluation/tasks.ts';
import { exitStatus } from '../exit-status.ts';
import { requireRoom } from '../memory-estimate.ts';
import type { FoundModel } from '../model.ts';
import { printResult } from '../print-result.ts';
import { writeReport } from '../report/index.ts';
import { type ConfigurationOptions, settleConfiguration } from '../run-configuration.ts';
import { type GivenTokenizer, readGivenTokenizer } from '../training/given-tokenizer.ts';
import { type Interrupt, listenForInterrupt } from '../training/interrupt.ts';
import { type NeededModel, openNeededModel, requireSameWeights } from '../training/needed-model.ts';
import { type Run, trainRun } from '../training/run.ts';
import { openStartingWeights, type Start, startFrom } from '../training/starting-weights.ts';
import { streamWarnings } from '../training/stream-warnings.ts';
import { completedSummary, type RunSummary } from '../training/summary.ts';
import { openTrainingData } from '../training/training-data.ts';
import { versions } from '../version.ts';

/** What `vitrail pretrain` takes. */
export type PretrainOptions = ConfigurationOptions &
  BackendOptions & {
    out?: string;
    /** The model whose weights are the start. */
    from?: string;
    /** A `tokenizer.json`, in place of words learned from the captions. */
    tokenizer?: string;
    resume?: boolean;
    /** Whether GPU time by kernel is measured. */
    profile?: boolean;
    json?: boolean;
  };

/** Paths of `config.json` that a resumed run need not share with the run it goes on with: where it runs, not what it computes. */
const mayDiffer = [
  ...['versions.vitrail', 'versions.node', 'versions.tfjs', 'tokenizer.file'],
  // Their weights may not.
  ...['teacher.model', 'start.model', 'learnedFrom.path'],
];

/**
 * `vitrail pretrain`: trains a recipe on a source, measures it on pictures it has not seen, and writes the run directory.
 *
 * Ctrl-C ends the run after the step it is in, with a checkpoint to resume from; before the first step it ends at once.
 *
 * @returns the exit status: done, or interrupted.
 */
export async function pretrain(options: PretrainOptions): Promise<number> {
  const interrupt = listenForInterrupt();
  try {
    return await pretrainUntil(interrupt, options);
  } finally {
    interrupt.release();
  }
}

async function pretrainUntil(interrupt: Interrupt, options: PretrainOptions): Promise<number> {
  const { resume = false } = options;
  const { recipe, presetName } = findRecipe(options.recipe);
  const settled = await settleConfiguration(options);
  const given = options.tokenizer === undefined ? undefined : await readGivenTokenizer(options.tokenizer, recipe, settled);
  const settings = withVocabularyOf(given?.tokenizer, settled);
  recipe.needs?.(settings);
  recipe.check(settings); // A setting that cannot be is reported before data and devices are touched.
  if (resume && options.out === undefined) {
    throw new VitrailError('invalid-argument', '--resume goes on with an existing run: name its directory with --out');
  }
  const directory = options.out ?? join('runs', `${recipe.name}-${presetName.replaceAll('/', '-')}-${timestamp()}`);
  const backend = await startAnnouncedBackend(options);
  if (options.profile && backend.name !== 'webgpu') throw goesWithWebGpu('--profile', `the backend is ${backend.name}`);
  const needed = await openNeededModel(recipe, settings);
  let weights: FoundModel | undefined;
  try {
    if (resume && needed) await requireSameWeights(directory, needed);
    const { maximumTensorBytes } = backend;
    if (maximumTensorBytes !== undefined) {
      const room = { precision: options.precision, maximumTensorBytes, model: needed?.model };
      process.stderr.write(`${requireRoom(recipe.memory, settings, room)}\n`);
    }
    weights = options.from === undefined ? undefined : await openStartingWeights(options.from);
    return await pretrainWith(interrupt, options, { recipe, presetName, settings, given, needed, weights, directory, backend });
  } finally {
    needed?.model.dispose();
    weights?.model.dispose();
  }
}

/** What a run is made of before its data are opened. */
type Parts = {
  recipe: Recipe;
  presetName: string;
  settings: RunConfiguration;
  given?: GivenTokenizer;
  needed?: NeededModel;
  weights?: FoundModel;
  directory: string;
  backend: BackendReport;
};

async function pretrainWith(
  interrupt: Interrupt,
  options: PretrainOptions,
  { recipe, presetName, settings, given, needed, weights, directory, backend }: Parts,
): Promise<number> {
  const { resume = false } = options;
  const data = await openTrainingData(settings, directory);
  let start: Start | undefined;
  try {
    if (given && weights?.model.tokenizer) {
      throw new VitrailError(
        'invalid-argument',
        `--tokenizer: the text tower of --from knows the ids of its own tokenizer; leave it away`,
      );
    }
    const known = given?.tokenizer ?? weights?.model.tokenizer;
    const learned = settings.text && (known ?? (await learnTokenizer(data.train, settings.text)));
    const tokenizer = learned ?? needed?.model.tokenizer;
    await requireMeasurable(data.evaluation, { encodesTexts: tokenizer !== undefined });
    for (const warning of await streamWarnings(data.train, settings.captions?.streams ?? []))
      process.stderr.write(`warning: ${warning}\n`);
    const config = withVocabularyOf(learned, settings);
    const origin = {
      recipe: recipe.name,
      preset: presetName,
      backend: backend.name,
      precision: options.precision,
      versions: versions(),
      samples: { train: data.train.size, evaluation: data.evaluation.size },
      ...(given && { tokenizer: given.origin }),
      ...(needed && { learnedFrom: needed.origin }),
      ...(weights && { startedFrom: weights.path }),
    };
    const system = recipe.assemble(config, needed?.model);
    // What does not fit is said before there is a directory.
    const goesOn = resume && (await latestCheckpoint(join(directory, 'checkpoints'))) !== undefined;
    if (weights && !goesOn) start = startOf(system, weights, { tokenizer, seed: config.train.seed });
    await openRunDirectory(directory, { ...origin, ...config }, { resume, mayDiffer });
    process.stderr.write(`run: ${directory}\n`);
    await data.keepIndices();

    const summary =
      (resume && (await alreadyCompleted(directory))) ||
      (await trainAndTell(interrupt, {
        directory,
        system,
        config,
        start,
        tokenizer,
        data,
        backend: backend.name,
        precision: options.precision,
        profile: options.profile,
        lost: backend.lost,
        resume,
        signal: interrupt.signal,
      }));
    const report = await writeReport(directory);
    printResult({ ...summary, run: directory, report }, { json: options.json ?? false });
    return summary.status === 'completed' ? exitStatus.done : exitStatus.interrupted;
  } finally {
    if (start) disposeTree(start.params, start.carried); // A second time, where the run has taken them over: that does no harm.
    await data.close();
  }
}

/** The start of a run from weights, which are disposed: what the run changes is not kept beside it. */
function startOf(
  { model, program }: Run['system'],
  weights: FoundModel,
  { tokenizer, seed }: { tokenizer?: Tokenizer; seed: number },
): Start {
  const { start, startsFresh } = startFrom(weights, program.init(createRng(seed).fork('init')), model.describe(tokenizer));
  weights.model.dispose();
  const rest = startsFresh.length > 0 ? ` but ${startsFresh.join(', ')}, which start fresh` : '';
  process.stderr.write(`from ${weights.path}: all parameters${rest}\n`);
  return start;
}

/** Data that nothing can be measured on is reported before training. Pictures alone can be learned from without being measured on. */
async function requireMeasurable(source: SampleSource, model: { encodesTexts: boolean }): Promise<void> {
  if ((await possibleTasks(source, model)).length > 0) return;
  const error = nothingToMeasure(source, model);
  if (model.encodesTexts) throw error;
  process.stderr.write(`warning: ${error.message}: the run ends without an evaluation\n`);
}

/** The configuration with room for the ids of the run's tokenizer. */
function withVocabularyOf(tokenizer: Tokenizer | undefined, config: RunConfiguration): RunConfiguration {
  if (tokenizer === undefined || config.text === undefined) return config;
  return { ...config, text: { ...config.text, vocabularySize: tokenizer.vocabularySize } };
}

async function alreadyCompleted(directory: string): Promise<RunSummary | undefined> {
  const summary = await completedSummary(directory);
  if (summary !== undefined) process.stderr.write(`nothing to do: all ${summary.steps} steps are done\n`);
  return summary;
}

/** Trains, and writes a report of a run that failed too, so that its curves can be looked at. */
async function trainAndTell(interrupt: Interrupt, run: Run): Promise<RunSummary> {
  interrupt.finishStep();
  try {
    return await trainRun(run);
  } catch (error) {
    await writeReport(run.directory).catch(() => {}); // What the run failed of is the thing to hear.
    throw error;
  }
}

function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(':', '-');
}
