import type { BackendName } from '@vitrail/backend';
import { openSource } from '@vitrail/data/node';
import { writeJson } from '@vitrail/train/node';
import { startAnnouncedBackend } from '../backend.ts';
import { evaluateModel, parseTasks } from '../evaluation/tasks.ts';
import { loadModel } from '../model.ts';
import { printResult } from '../print-result.ts';

/** What `vitrail evaluate` takes. */
export type EvaluateOptions = {
  model: string;
  data: string;
  tasks?: string;
  samples: number;
  out?: string;
  backend: BackendName;
  json?: boolean;
};

/** `vitrail evaluate`: measures a model on a source. */
export async function evaluate(options: EvaluateOptions): Promise<void> {
  const tasks = options.tasks === undefined ? undefined : parseTasks(options.tasks);
  await startAnnouncedBackend(options.backend);
  const model = await loadModel(options.model);
  const source = await openSource(options.data);
  try {
    const result = await evaluateModel(model, source, { samples: options.samples, tasks });
    if (options.out !== undefined) await writeJson(options.out, result);
    printResult(result, { json: options.json ?? false });
  } finally {
    await source.close();
    model.dispose();
  }
}
