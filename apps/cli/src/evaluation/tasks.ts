import { VitrailError } from '@vitrail/core';
import type { BadSample, RgbImage, SampleSource } from '@vitrail/data';
import type { Model } from '@vitrail/pretrained';
import { requireChoice } from '@vitrail/train';
import { evaluateClassification } from './classification.ts';
import { hasCaptions } from './descriptive-caption.ts';
import type { EvaluationResult } from './evaluation-result.ts';
import { evaluateRetrieval } from './retrieval.ts';
import { evaluateSegmentation } from './segmentation.ts';

/** What `--tasks` takes. */
export const taskNames = ['zero-shot-segmentation', 'zero-shot-classification', 'retrieval', 'knn', 'linear-probe'] as const;

/** A measurement to take. */
export type TaskName = (typeof taskNames)[number];

/** Half of the pictures choose or fit, the other half is scored: with fewer than two there would be nothing in one of them. */
export const fewestPictures = 2;

/** The tasks of a `--tasks` list. */
export function parseTasks(list: string): TaskName[] {
  return list.split(',').map((entry) => {
    const name = entry.trim();
    requireChoice('--tasks', name, taskNames);
    return name as TaskName;
  });
}

/** What to measure, on how much, and whom to tell. */
export type EvaluationOptions = {
  /** The first pictures of the source, this many at most. */
  samples: number;
  /** All that the source allows when absent. */
  tasks?: readonly TaskName[];
  /** Told once of every picture that is left out. */
  onBadSample?: (bad: BadSample) => void;
  /** Looked at every few pictures. */
  signal?: AbortSignal;
};

/**
 * Measures a model on the first `samples` pictures of a source. Pictures that cannot be used are left out.
 *
 * Tasks that the data or the model does not allow (segmentation without label maps, classification without classes, retrieval without
 * captions, all three without a text tower) are left out when `tasks` is not given, and an error when it is.
 *
 * @throws `missing-data` for tasks that the data does not allow, fewer than two pictures, or none that can be used; the signal's reason when
 * it is aborted.
 */
export async function evaluateModel(
  model: Model,
  source: SampleSource,
  { samples, tasks, onBadSample, signal }: EvaluationOptions,
): Promise<EvaluationResult> {
  if (tasks !== undefined) await requirePossible(tasks, source, model);
  const wanted = tasks ?? (await possibleTasks(source, model));
  if (wanted.length === 0) throw nothingToMeasure(source, model);
  if (source.size < fewestPictures) {
    throw new VitrailError(
      'missing-data',
      `an evaluation needs ${fewestPictures} pictures, but there is 1: ${source.description}`,
    );
  }
  const told = new Set<string>();
  const pictures = {
    count: Math.min(samples, source.size),
    prepare: (picture: RgbImage) => model.prepare(picture, 'reference'),
    signal,
    onBadSample(bad: BadSample) {
      if (!told.has(bad.key)) onBadSample?.(bad);
      told.add(bad.key);
    },
  };
  const wants = (task: TaskName) => wanted.includes(task);
  return {
    samples: pictures.count,
    ...((wants('zero-shot-segmentation') || wants('linear-probe')) &&
      (await evaluateSegmentation(
        model,
        source,
        { ...pictures, prepare: (picture) => model.prepare(picture, 'whole') },
        {
          zeroShot: wants('zero-shot-segmentation'),
          probe: wants('linear-probe'),
        },
      ))),
    ...((wants('zero-shot-classification') || wants('knn')) &&
      (await evaluateClassification(model, source, pictures, {
        zeroShot: wants('zero-shot-classification'),
        nearest: wants('knn'),
      }))),
    ...(wants('retrieval') && (await evaluateRetrieval(model, source, pictures))),
  };
}

/** The tasks that take a text tower. */
const withTexts: readonly TaskName[] = ['zero-shot-segmentation', 'zero-shot-classification', 'retrieval'];

/** The tasks that a source has the labels and captions for, and a model the towers; there may be none. */
export async function possibleTasks(
  source: SampleSource,
  { encodesTexts }: Pick<Model, 'encodesTexts'>,
): Promise<readonly TaskName[]> {
  const labelled = source.classNames !== undefined;
  const captioned = await hasCaptions(source);
  return taskNames.filter((task) => {
    if (!encodesTexts && withTexts.includes(task)) return false;
    if (task === 'retrieval') return captioned;
    if (task === 'zero-shot-classification' || task === 'knn') return labelled && source.singles !== undefined;
    return labelled && source.hasLabelMaps;
  });
}

/** The error of a source without anything that a model could be measured by: `missing-data`. */
export function nothingToMeasure({ description }: SampleSource, { encodesTexts }: Pick<Model, 'encodesTexts'>): VitrailError {
  return new VitrailError(
    'missing-data',
    encodesTexts
      ? `nothing can be measured on ${description}: its first samples have no captions, and its pictures no classes (classes.json beside the shards names them)`
      : `nothing can be measured on ${description} of a model without texts: its pictures have no classes (classes.json beside the shards names them)`,
  );
}

async function requirePossible(tasks: readonly TaskName[], source: SampleSource, model: Model): Promise<void> {
  const possible = await possibleTasks(source, model);
  if (possible.length === 0) throw nothingToMeasure(source, model);
  const impossible = tasks.find((task) => !possible.includes(task));
  if (impossible === undefined) return;
  if (!model.encodesTexts && withTexts.includes(impossible)) {
    throw new VitrailError(
      'invalid-argument',
      `${impossible} needs a text tower and its tokenizer, and this model has none; possible are ${possible.join(', ')}`,
    );
  }
  const needed = impossible === 'retrieval' ? 'captions' : possible.includes('knn') ? 'label maps' : 'labels';
  throw new VitrailError(
    'missing-data',
    `${impossible} needs ${needed}, but there are none in ${source.description}; possible are ${possible.join(', ')}`,
  );
}
