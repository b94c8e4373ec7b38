import { VitrailError } from '@vitrail/core';
import { type Checkpoints, type KeptCheckpoint, openCheckpoints } from './opfs-checkpoints.ts';
import type { RunPlan } from './train-plan.ts';
import type { StateFiles } from './train-progress.ts';
import type { TrainRow } from './train-rows.ts';

/** What a run was begun with: `run.json` of its checkpoints. */
export type RunFile = {
  readonly plan: RunPlan;
  readonly identity: string;
  /** The name of the folder or shard that it learns from; none for scenes. */
  readonly picked?: string;
  /** Of the command line: `config.json`. */
  readonly configuration: Readonly<Record<string, unknown>>;
};

/** A run whose checkpoint is kept in the browser. */
export type KeptRun = Pick<RunFile, 'plan' | 'picked'> & {
  readonly step: number;
  readonly rows: readonly TrainRow[];
  readonly scores: readonly TrainRow[];
  /** Whether another tab is training it now. */
  readonly isInUse: boolean;
};

/** The run that is kept under a name, if there is one. @throws `unavailable` where the browser gives no storage */
export async function keptRun(name: string): Promise<KeptRun | undefined> {
  const checkpoint = await (await openCheckpoints(name)).latest();
  if (checkpoint === undefined) return undefined;
  const { plan, picked } = await runFileOf(checkpoint);
  const { rows, scores } = (await readJson(checkpoint, 'state.json')) as Pick<KeptRun, 'rows' | 'scores'>;
  const { held = [] } = await navigator.locks.query();
  return { step: checkpoint.step, plan, picked, rows, scores, isInUse: held.some((lock) => lock.name === lockName(name)) };
}

/** What the run of a checkpoint was begun with. */
export async function runFileOf(checkpoint: KeptCheckpoint): Promise<RunFile> {
  return (await readJson(checkpoint, 'run.json')) as RunFile;
}

/**
 * Takes a run for this tab alone.
 *
 * @returns gives it back
 * @throws `unavailable` while another tab has it
 */
export function lockRun(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    void navigator.locks.request(lockName(name), { ifAvailable: true }, (lock) => {
      if (lock !== null) return new Promise<void>((release) => resolve(release));
      reject(
        new VitrailError(
          'unavailable',
          'Another tab of the studio is training, and both would keep their run in the same place: go on there, or stop it there first.',
        ),
      );
    });
  });
}

/** Who hears of what is kept: the step, or why it is not. */
export type KeeperHooks = { onKept(step: number): void; onNotKept(reason: string): void };

/** Keeps states of a run; a full storage is no reason to stop training. */
export function keeper(checkpoints: Checkpoints, run: RunFile, hooks: KeeperHooks) {
  return async (step: number, files: StateFiles): Promise<void> => {
    try {
      await checkpoints.write(step, { ...files, 'run.json': JSON.stringify(run) });
      hooks.onKept(step);
    } catch (error) {
      hooks.onNotKept((error as Error).message);
    }
  };
}

function lockName(name: string): string {
  return `vitrail-studio-${name}`;
}

async function readJson(checkpoint: KeptCheckpoint, name: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await checkpoint.read(name)));
}
