import { VitrailError } from '@vitrail/core';
import type { SampleSource } from '@vitrail/data';
import { requireChoice } from '@vitrail/train';
import type { Model } from '../model.ts';
import { evaluateClassification } from './classification.ts';
import { evaluateRetrieval } from './retrieval.ts';
import { evaluateSegmentation } from './segmentation.ts';

/** What `--tasks` takes. */
export const taskNames = ['zero-shot-segmentation', 'zero-shot-classification', 'retrieval', 'knn', 'linear-probe'] as const;

/** A measurement to take. */
export type TaskName = (typeof taskNames)[number];

/** The `eval` object of `summary.json`: nested numbers in [0, 1] (and the names of what was chosen). */
export type EvaluationResult = { [name: string]: number | string | EvaluationResult };

/** The tasks of a `--tasks` list. */
export function parseTasks(list: string): TaskName[] {
  return list.split(',').map((entry) => {
    const name = entry.trim();
    requireChoice('--tasks', name, taskNames);
    return name as TaskName;
  });
}

/**
 * Measures a model on the first `samples` pictures of a source.
 *
 * Tasks that the data does not allow (segmentation without label maps, classification without classes) are left out when `tasks` is not
 * given, and an error when it is.
 */
export async function evaluateModel(
  model: Model,
  source: SampleSource,
  { samples, tasks }: { samples: number; tasks?: readonly TaskName[] },
): Promise<EvaluationResult> {
  const possible = possibleTasks(source);
  const impossible = tasks?.find((task) => !possible.includes(task));
  if (impossible !== undefined) {
    throw new VitrailError(
      'missing-data',
      `${impossible} needs labels, but ${source.description} has none; its captions allow ${possible.join(', ')}`,
    );
  }
  const wanted = new Set(tasks ?? possible);
  const count = Math.min(samples, source.size);
  return {
    samples: count,
    ...((wanted.has('zero-shot-segmentation') || wanted.has('linear-probe')) &&
      (await evaluateSegmentation(model, source, count, {
        zeroShot: wanted.has('zero-shot-segmentation'),
        probe: wanted.has('linear-probe'),
      }))),
    ...((wanted.has('zero-shot-classification') || wanted.has('knn')) &&
      (await evaluateClassification(model, source, count, {
        zeroShot: wanted.has('zero-shot-classification'),
        nearest: wanted.has('knn'),
      }))),
    ...(wanted.has('retrieval') && (await evaluateRetrieval(model, source, count))),
  };
}

/** The tasks that a source has the labels for. */
export function possibleTasks(source: SampleSource): readonly TaskName[] {
  const labelled = source.classNames !== undefined;
  return taskNames.filter((task) => {
    if (task === 'retrieval') return true;
    if (task === 'zero-shot-classification' || task === 'knn') return labelled && source.singles !== undefined;
    return labelled && source.hasLabelMaps;
  });
}
