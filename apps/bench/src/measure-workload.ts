import type { EngineProcess } from './engine-process.ts';
import { interleave } from './interleave.ts';
import { median } from './median.ts';
import type { Answer, Request, TensorData } from './protocol.ts';
import type { Row } from './row.ts';
import type { Workload } from './workloads/workload.ts';

/** An engine at a number of threads. */
export type Participant = {
  engine: string;
  threads: number;
  /** See `EngineDefinition`. */
  allowed?: number;
  /** Its process, started if it is not there. */
  process(): Promise<Pick<EngineProcess, 'hello' | 'ask'>>;
};

/** Runs before anything counts: engines compile, and their first losses or results are compared. */
const warmUps = 3;

/** Milliseconds that a sample takes at least. In training one step follows the other, and JavaScript is compiled as it runs: of steps it is longer. */
function leastSampleMs({ spec }: Workload): number {
  return isStep(spec) ? 1000 : 100;
}

/**
 * Measures a workload on every participant, interleaved.
 *
 * Each first runs three times, and, if it is quick, once more as often as it will be run per sample: so often that a sample takes
 * `sampleMs`, by default a tenth of a second, or a second if it is a training step.
 */
export async function measureWorkload(
  workload: Workload,
  participants: readonly Participant[],
  { data, rounds, sampleMs = leastSampleMs(workload) }: { data: TensorData; rounds: number; sampleMs?: number },
): Promise<Row[]> {
  const request = (repeats: number): Request => ({
    workload: workload.name,
    spec: workload.spec,
    ...(workload.flops !== undefined && { flops: workload.flops }),
    data,
    repeats,
  });
  const warm = await interleave(participants, 1, (participant) => warmUp(participant, request, sampleMs));
  const measured = await interleave(
    participants.map((participant, i) => ({ participant, ...warm[i] })),
    rounds,
    async ({ participant, samples: [state], error }) => {
      if (state === undefined) throw error;
      return (await participant.process()).ask(request(state.repeats));
    },
  );
  const reference = warm.findIndex(({ samples: [state] }) => state !== undefined && state.values.length > 0);

  return participants.map((participant, i) => {
    const { samples: answers, error } = measured[i];
    const [state] = warm[i].samples;
    const row = rowOf(workload, participant, { state, answers, error });
    if (state === undefined || i === reference || state.values.length === 0) return row;
    const { allowed } = participant;
    const difference = largestDifference(state.values, warm[reference].samples[0].values);
    return { ...row, difference, ...(allowed !== undefined && { allowed }) };
  });
}

/** What the first runs of a participant told. */
type Warm = { version: string; threads: number; values: readonly number[]; repeats: number };

async function warmUp(participant: Participant, request: (repeats: number) => Request, sampleMs: number): Promise<Warm> {
  const engine = await participant.process();
  const { version, threads } = engine.hello;
  const values: number[] = [];
  let ms = 0;
  for (let run = 0; run < warmUps; run++) {
    const answer = await engine.ask(request(1));
    ms = answer.ms;
    if (answer.value !== undefined) values.push(answer.value);
  }
  if (ms >= sampleMs) return { version, threads, values, repeats: 1 };
  const { ms: quicker } = await engine.ask(request(Math.ceil(sampleMs / ms)));
  return { version, threads, values, repeats: Math.ceil(sampleMs / quicker) };
}

type Measured = Extract<Answer, { ms: number }>;

function rowOf(
  { name, spec, flops }: Workload,
  { engine, threads }: Participant,
  { state, answers, error }: { state: Warm | undefined; answers: readonly Measured[]; error: unknown },
): Row {
  const ran = { workload: name, engine, threads: state?.threads ?? threads, version: state?.version ?? '' };
  if (error !== undefined || state === undefined) {
    return { ...ran, medianMs: null, minMs: null, rounds: 0, error: error instanceof Error ? error.message : String(error) };
  }
  const times = answers.map(({ ms }) => ms);
  const medianMs = median(times);
  const launchesPerLayer = answers[0].launchesPerLayer;
  return {
    ...ran,
    medianMs,
    minMs: Math.min(...times),
    rounds: times.length,
    ...(flops !== undefined && { gflops: flops / medianMs / 1e6 }),
    ...(isStep(spec) && { loss: state.values.at(-1) }),
    ...(launchesPerLayer !== undefined && { launchesPerLayer }),
  };
}

/** Whether it is a whole training step. */
function isStep({ kind }: Workload['spec']): boolean {
  return kind === 'vit-step' || kind === 'recipe-step';
}

function largestDifference(values: readonly number[], reference: readonly number[]): number {
  const differences = values.map((value, i) => Math.abs(value - reference[i]) / Math.abs(reference[i]));
  return Math.max(...differences.map((difference) => (Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference)));
}
