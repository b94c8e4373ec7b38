import { requireWhole } from '@vitrail/train';
import { writeJson } from '@vitrail/train/node';
import { type BackendOptions, startAnnouncedBackend } from '../backend.ts';
import { openAnnouncedSource } from '../data-source.ts';
import { evaluateModel, fewestPictures, parseTasks } from '../evaluation/tasks.ts';
import { loadModel } from '../model.ts';
import { prepareOutput } from '../output-file.ts';
import { printResult } from '../print-result.ts';

/** What `vitrail evaluate` takes. */
export type EvaluateOptions = BackendOptions & {
  model: string;
  data: string;
  tasks?: string;
  /** Most pictures that are looked at; the first ones of the source. */
  samples: number;
  out?: string;
  json?: boolean;
};

/** `vitrail evaluate`: measures a model on a source. */
export async function evaluate(options: EvaluateOptions): Promise<void> {
  const tasks = options.tasks === undefined ? undefined : parseTasks(options.tasks);
  requireWhole('--samples', options.samples, fewestPictures);
  if (options.out !== undefined) await prepareOutput(options.out);
  await startAnnouncedBackend(options);
  const model = await loadModel(options.model, '--model');
  try {
    const source = await openAnnouncedSource(options.data);
    try {
      const result = await evaluateModel(model, source, {
        samples: options.samples,
        tasks,
        onBadSample: ({ key, reason }) => process.stderr.write(`skipped ${key}: ${reason}\n`),
      });
      if (options.out !== undefined) await writeJson(options.out, result);
      printResult(result, { json: options.json ?? false });
    } finally {
      await source.close();
    }
  } finally {
    model.dispose();
  }
}
