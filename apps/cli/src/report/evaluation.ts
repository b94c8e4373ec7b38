import { flattenValues } from './config-values.ts';
import type { ReportInput } from './report-input.ts';

/** What an evaluation found, by dotted path. */
export type Evaluation = {
  readonly numbers: ReadonlyMap<string, number>;
  /** Remarks that stand beside the numbers (which templates, which solver). */
  readonly remarks: ReadonlyMap<string, string>;
  /** The step of the row it was taken from, when the summary holds none. */
  readonly step?: number;
};

/** The evaluation of the summary, or else the last one in the metrics (a run that was interrupted), or else `undefined`. */
export function evaluationOf({ summary, metrics }: Pick<ReportInput, 'summary' | 'metrics'>): Evaluation | undefined {
  const final = sorted(flattenValues(summary.eval));
  if (final.numbers.size > 0) return final;
  const rows = metrics.filter(({ split }) => split === 'eval');
  for (const { step, split: _, ...row } of rows.sort((a, b) => b.step - a.step)) {
    const evaluation = sorted(Object.entries(row));
    if (evaluation.numbers.size > 0) return { ...evaluation, step };
  }
  return undefined;
}

/**
 * What guessing would reach for a measure, when the evaluation says: a `chance` object beside the task or beside the measure, one `chance`
 * number for the task, or, for R@k, the number of candidates (`retrieval.candidates`): k of n.
 */
export function chanceOf(numbers: Evaluation['numbers'], measure: string): number | undefined {
  const names = measure.split('.');
  const [task, ...rest] = names;
  const leaf = names[names.length - 1];
  const stated =
    numbers.get([task, 'chance', ...rest].join('.')) ??
    numbers.get([...names.slice(0, -1), 'chance', leaf].join('.')) ??
    numbers.get(`${task}.chance.${leaf}`) ??
    numbers.get(`${task}.chance`);
  if (stated !== undefined) return stated;
  const among = /^R@(\d+)$/.exec(leaf);
  const candidates = numbers.get(`${task}.candidates`);
  return among && candidates ? Math.min(1, Number(among[1]) / candidates) : undefined;
}

function sorted(values: readonly (readonly [string, unknown])[]): Evaluation {
  const numbers = new Map<string, number>();
  const remarks = new Map<string, string>();
  for (const [path, value] of values) {
    if (typeof value === 'number' && Number.isFinite(value)) numbers.set(path, value);
    else if (typeof value === 'string') remarks.set(path, value);
  }
  return { numbers, remarks };
}
