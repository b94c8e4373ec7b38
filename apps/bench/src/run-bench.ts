import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareRows } from './compare-rows.ts';
import { type EngineCommand, type EngineProcess, startEngine } from './engine-process.ts';
import { measureWorkload, type Participant } from './measure-workload.ts';
import type { Row } from './row.ts';
import type { Spec, Workload } from './workloads/workload.ts';
import { writeInputs } from './workloads/write-inputs.ts';

/** An engine to be measured at a number of threads. */
export type Contestant = {
  engine: string;
  threads: number;
  kinds: readonly Spec['kind'][];
  command: EngineCommand;
  /** See `EngineDefinition`. */
  allowed?: number;
};

/** What {@link runBench} takes. */
export type BenchOptions = {
  rounds: number;
  /** Told what is being measured, a line at a time. */
  note(line: string): void;
  /** Ends all engines and the run with them. */
  signal?: AbortSignal;
};

/**
 * Measures every workload on every contestant that knows it. A contestant's process starts when it is first needed, lives until the end, and is
 * started again for the next workload if it died. No process is left behind.
 *
 * @returns a row for each workload and contestant, failures included.
 */
export async function runBench(
  workloads: readonly Workload[],
  contestants: readonly Contestant[],
  { rounds, note, signal }: BenchOptions,
): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'vitrail-bench-'));
  const processes = new Map<Contestant, EngineProcess>();
  const closeAll = () => {
    for (const engine of processes.values()) engine.close();
  };
  process.once('exit', closeAll);
  try {
    const rows: Row[] = [];
    for (const workload of workloads) {
      signal?.throwIfAborted();
      const those = contestants.filter(({ kinds }) => kinds.includes(workload.spec.kind));
      if (those.length === 0) continue;
      note(`${workload.name}: ${those.map(({ engine, threads }) => `${engine} (${threads})`).join(', ')}`);
      const data = await writeInputs(workload, join(folder, 'inputs.f32'));
      const participants = those.map((contestant): Participant => {
        const first = once(() => processOf(contestant, processes, signal));
        const { engine, threads, allowed } = contestant;
        return { engine, threads, process: first, ...(allowed !== undefined && { allowed }) };
      });
      rows.push(...(await measureWorkload(workload, participants, { data, rounds })));
    }
    signal?.throwIfAborted();
    return compareRows(rows, workloads);
  } finally {
    closeAll();
    process.removeListener('exit', closeAll);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The process of a contestant, started if there is none that lives. */
async function processOf(
  contestant: Contestant,
  processes: Map<Contestant, EngineProcess>,
  signal: AbortSignal | undefined,
): Promise<EngineProcess> {
  const running = processes.get(contestant);
  if (running?.isAlive()) return running;
  const started = await startEngine(contestant.command, { signal });
  processes.set(contestant, started);
  return started;
}

/** A function that calls `make` once and hands out its result ever after. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
