import { readFile } from 'node:fs/promises';
import { summaryPath } from '../training/summary.ts';
import type { Accuracy } from './accuracy.ts';

/** `summary.json` of an adaptation. Seconds are those of the process that ended the run, for steps alone. */
export type AdaptationSummary = {
  status: 'completed' | 'interrupted' | 'failed';
  /** Why a run failed. */
  reason?: string;
  method: string;
  steps: number;
  seconds: number;
  backend: string;
  /** Numbers that are trained, and those of both towers. */
  parameters: { trained: number; model: number };
  /** Steps whose update was left out because a number in it was not finite. */
  skippedSteps: number;
  /** On pictures that are no shots: the model as it came, and adapted. */
  eval?: { pictures: number; chance: { top1: number }; zeroShot: Accuracy; adapted: Accuracy };
};

/** The summary of an adaptation that has completed, or `undefined` while there is something left to do. */
export async function completedAdaptation(directory: string): Promise<AdaptationSummary | undefined> {
  try {
    const summary = JSON.parse(await readFile(summaryPath(directory), 'utf8')) as AdaptationSummary;
    return summary.status === 'completed' ? summary : undefined;
  } catch {
    return undefined; // None, or none that can be read: the run ends again and writes another.
  }
}

/** The accuracies of a summary as lines of a table, for people. */
export function accuracyTable({ method, parameters, eval: result }: AdaptationSummary): string {
  if (result === undefined) return '';
  const share = (value: number) => value.toFixed(4).padStart(8);
  const rows = [
    ['zero-shot', share(result.zeroShot.top1), share(result.zeroShot.meanPerClass)],
    [`${method}, ${parameters.trained} parameters`, share(result.adapted.top1), share(result.adapted.meanPerClass)],
    ['chance', share(result.chance.top1), ''],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const head = `${`${result.pictures} pictures`.padEnd(width)}  ${'top1'.padStart(8)}  mean per class\n`;
  return (
    head +
    rows
      .map(([name, top1, mean]) => `${name.padEnd(width)}  ${top1}  ${mean}`.trimEnd())
      .join('\n')
      .concat('\n')
  );
}
