import { join } from 'node:path';
import type { Adapter } from '@vitrail/adapt';
import { countParameters, disposeTree, type TensorTree, VitrailError } from '@vitrail/core';
import type { OpenedModel } from '@vitrail/pretrained';
import { requireRange, requireWhole } from '@vitrail/train';
import { openRunDirectory } from '@vitrail/train/node';
import { requireAdaptable } from '../adaptation/adaptable-model.ts';
import { type AdaptationSummary, accuracyTable, completedAdaptation } from '../adaptation/adaptation-summary.ts';
import { readAdapter, readAdapterOrigin } from '../adaptation/adapter-file.ts';
import { adapterOf, buildClassifiers, widthsOf } from '../adaptation/classifiers.ts';
import { requireMergeable, writeMergedModel } from '../adaptation/merged-model.ts';
import { defaultLearningRates, type MethodOptions, type MethodSettings, settleMethod } from '../adaptation/method.ts';
import { adapt as runAdaptation } from '../adaptation/run.ts';
import { openShots } from '../adaptation/shots.ts';
import { type BackendOptions, startAnnouncedBackend } from '../backend.ts';
import { exitStatus } from '../exit-status.ts';
import { loadModel } from '../model.ts';
import { type Interrupt, listenForInterrupt } from '../training/interrupt.ts';
import { versions } from '../version.ts';

/** What `vitrail adapt` takes. */
export type AdaptOptions = BackendOptions &
  MethodOptions & {
    checkpoint: string;
    data: string;
    /** Pictures to be measured on; else those of `data` that are no shots. */
    evaluate?: string;
    /** An `adapter.safetensors` to start from, which says the method. */
    adapter?: string;
    /** Pictures per class. */
    shots: number;
    steps: number;
    batchSize: number;
    learningRate?: number;
    seed: number;
    /** Most pictures that are measured on. */
    samples: number;
    out?: string;
    resume?: boolean;
    /** Whether the model is written with the adapter in it. */
    merge?: boolean;
    json?: boolean;
  };

/** Paths of `config.json` that a resumed run need not share with the run it goes on with. */
const mayDiffer = ['versions.vitrail', 'versions.node', 'versions.tfjs', 'model.checkpoint'];

/**
 * `vitrail adapt`: trains something small on a few pictures per class, beside a model that stays as it is, and measures both on other pictures.
 *
 * Ctrl-C ends the run after the step it is in, with a checkpoint to resume from; before the first step it ends at once.
 *
 * @returns the exit status: done, or interrupted.
 */
export async function adapt(options: AdaptOptions): Promise<number> {
  const interrupt = listenForInterrupt();
  try {
    const { resume = false, learningRate } = options;
    requireWhole('--shots', options.shots, 1);
    requireWhole('--steps', options.steps, options.adapter === undefined ? 1 : 0);
    requireWhole('--batch-size', options.batchSize, 1);
    requireWhole('--samples', options.samples, 1);
    if (learningRate !== undefined) requireRange('--learning-rate', learningRate, Number.MIN_VALUE, 100);
    if (resume && options.out === undefined) {
      throw new VitrailError('invalid-argument', '--resume goes on with an existing run: name its directory with --out');
    }
    const method = await givenMethod(options);
    const { name, lost } = await startAnnouncedBackend(options);
    const model = await loadModel(options.checkpoint, '--checkpoint');
    try {
      return await adaptModel(options, { model, method, interrupt, backend: name, lost });
    } finally {
      model.dispose();
    }
  } finally {
    interrupt.release();
  }
}

type Method = Awaited<ReturnType<typeof givenMethod>>;

/** The method of the options, or that of the adapter that is started from. */
async function givenMethod(options: AdaptOptions) {
  const { adapter } = options;
  if (adapter === undefined) return { settle: settleMethod(options) };
  const named = (['method', 'towers', 'place', 'activation', 'rank', 'parameters'] as const).find(
    (option) => options[option] !== undefined,
  );
  if (named !== undefined) throw new VitrailError('invalid-argument', `--adapter says what it is: leave --${named} out`);
  const start = { path: adapter, ...(await readAdapterOrigin(adapter)) };
  const { widths: _, modelSha256: __, classNames: ___, ...settings } = start.origin;
  return { settle: (): MethodSettings => settings, start };
}

async function adaptModel(
  options: AdaptOptions,
  {
    model,
    method: { settle, start },
    interrupt,
    backend,
    lost,
  }: { model: OpenedModel; method: Method; interrupt: Interrupt; backend: string; lost?: Promise<string> },
): Promise<number> {
  const { resume = false, merge = false, json = false, precision, checkpoint } = options;
  const adaptable = await requireAdaptable(model);
  const { towers, base, sha256 } = adaptable;
  const settings = settle(towers);
  const adapter = adapterOf(settings, adaptable);
  if (merge) requireMergeable(adapter, model);
  const shots = await openShots(options);
  const { classNames } = shots;
  const classifiers = buildClassifiers(adaptable, adapter, shots);
  let own: TensorTree | undefined;
  try {
    const { adapted, zeroShot } = classifiers;
    const widths = widthsOf(adaptable, settings);
    const origin = { ...settings, widths, modelSha256: sha256, classNames };
    own = start && (await readAdapter(start.path, start.bytes, { ...adapted, ...{ widths, classNames, origin: start.origin } }));
    if (start && start.origin.modelSha256 !== sha256)
      process.stderr.write('warning: the adapter was trained on a model of the same size, but with other weights\n');
    const { steps, batchSize, seed, learningRate = defaultLearningRates[settings.method] } = options;
    const train = { steps, batchSize, learningRate, seed };
    const directory = options.out ?? join('runs', `adapt-${settings.method}-${timestamp()}`);
    const config = {
      ...settings,
      model: { checkpoint, family: model.family.name, sha256, temperature: 1 / adaptable.scale },
      adapter: options.adapter ?? '',
      data: { train: options.data, evaluate: options.evaluate ?? '' },
      shots: options.shots,
      classNames,
      samples: { train: shots.train.size, evaluation: shots.rest.size },
      train,
      merge,
      backend,
      precision,
      versions: versions(),
    };
    await openRunDirectory(directory, config, { resume, mayDiffer });
    process.stderr.write(`run: ${directory}\n`);
    interrupt.finishStep();
    const summary =
      (resume && (await alreadyCompleted(directory))) ||
      (await runAdaptation(
        {
          directory,
          model,
          zeroShot,
          classifier: adapted,
          start: own,
          shots,
          origin,
          train,
          modelParameters: countParameters(base),
          backend,
          precision,
          resume,
          lost,
          signal: interrupt.signal,
        },
        async (own) => {
          if (merge) await writeMergedModel(join(directory, 'merged'), adapter as Adapter, { model, base, own });
        },
      ));
    const isCompleted = summary.status === 'completed';
    print({ ...summary, run: directory, ...(merge && isCompleted && { merged: join(directory, 'merged') }) }, json);
    return isCompleted ? exitStatus.done : exitStatus.interrupted;
  } finally {
    if (own !== undefined) disposeTree(own);
    classifiers.dispose();
    await shots.close();
  }
}

async function alreadyCompleted(directory: string): Promise<AdaptationSummary | undefined> {
  const summary = await completedAdaptation(directory);
  if (summary !== undefined) process.stderr.write(`nothing to do: all ${summary.steps} steps are done\n`);
  return summary;
}

function print(summary: AdaptationSummary & { run: string; merged?: string }, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else {
    const merged = summary.merged === undefined ? '' : `merged  ${summary.merged}\n`;
    process.stdout.write(`${accuracyTable(summary)}run     ${summary.run}\n${merged}`);
  }
}

function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(':', '-');
}
