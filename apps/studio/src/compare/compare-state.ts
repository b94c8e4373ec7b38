import { computed, effect, signal } from '@preact/signals';
import type { RunPlan } from '../engine/train-plan.ts';
import { keepInLink, page, parameters } from '../route.ts';
import { createRunner, type Runner } from '../train/runner.ts';
import { deviceRequest } from '../train/train-state.ts';
import { reportProblem } from '../ui/notice.tsx';

/** What is compared: the setting of TIPSv2 that tells the two apart, and how people call it. */
export const sides = [
  { patch: 'ibot', name: 'iBOT', color: 'amber' },
  { patch: 'ibot++', name: 'iBOT++', color: 'blue' },
] as const;

/** What the two have in common; numbers as they were typed. */
export type CompareForm = {
  readonly size: 'tiny' | 'mini';
  readonly steps: string;
  readonly seed: string;
  readonly settings: string;
};

const usual: Readonly<Record<CompareForm['size'], { steps: string; batchSize: number; learningRate: number }>> = {
  tiny: { steps: '600', batchSize: 32, learningRate: 1e-3 },
  mini: { steps: '200', batchSize: 16, learningRate: 1e-3 },
};

export const form = signal<CompareForm>(fromLink());
export const runners: readonly Runner[] = sides.map(() =>
  createRunner({
    // On the processor each has half of the cores; a GPU is shared.
    request: () => ({ threads: Math.max(1, Math.floor(navigator.hardwareConcurrency / 2)), ...deviceRequest() }),
    onLost(reason) {
      reportProblem(`The GPU was lost (${reason}): start again. Runs that are compared are not kept.`);
      for (const runner of runners) runner.end();
    },
  }),
);

const phases = computed(() => runners.map(({ phase }) => phase.value));
export const isRunning = computed(() =>
  phases.value.some((phase) => ['opening', 'running', 'pausing', 'starting'].includes(phase)),
);
export const isPaused = computed(() => !isRunning.value && phases.value.includes('paused'));
export const hasBegun = computed(() => runners.some(({ opened }) => opened.value !== undefined));

/** Changes the form; another size brings its own number of steps. */
export function fill(change: Partial<CompareForm>): void {
  form.value = { ...form.value, ...(change.size && { steps: usual[change.size].steps }), ...change };
}

/** Trains both from the start, on the same batches. */
export async function start(): Promise<void> {
  const plans = sides.map(({ patch }) => planOf(form.value, patch));
  try {
    await Promise.all(runners.map((runner, i) => runner.train({ plan: plans[i] })));
  } catch (error) {
    for (const runner of runners) runner.end(); // One of them alone compares nothing.
    throw error;
  }
}

/** Trains both from the start with the next seed. */
export async function startAnother(): Promise<void> {
  await Promise.all(runners.filter(({ phase }) => phase.peek() !== 'off').map((runner) => runner.stop()));
  fill({ seed: String(Number(form.value.seed) + 1) });
  await start();
}

export async function pause(): Promise<void> {
  await Promise.all(runners.filter(({ phase }) => phase.peek() === 'running').map((runner) => runner.pause()));
}

export async function goOn(): Promise<void> {
  await Promise.all(runners.filter(({ phase }) => phase.peek() === 'paused').map((runner) => runner.goOn()));
}

function planOf({ size, steps, seed, settings }: CompareForm, patch: string): RunPlan {
  const number = (text: string) => (text.trim() === '' ? Number.NaN : Number(text));
  const { batchSize, learningRate } = usual[size];
  const further = settings.split('\n').filter((line) => line.trim() !== '');
  return {
    preset: `tipsv2:${size}`,
    steps: number(steps),
    batchSize,
    learningRate,
    seed: number(seed),
    settings: [...further, `loss.patch=${patch}`],
    data: 'scenes',
  };
}

function fromLink(): CompareForm {
  const given = page.peek() === 'compare' ? parameters.peek() : new URLSearchParams();
  const size = given.get('size') === 'mini' ? 'mini' : 'tiny';
  return {
    size,
    steps: given.get('steps') ?? usual[size].steps,
    seed: given.get('seed') ?? '0',
    settings: given.get('settings') ?? '',
  };
}

/** What differs from what is usual is in the link. */
effect(() => {
  if (page.value !== 'compare') return;
  const { size, steps, seed, settings } = form.value;
  keepInLink({
    backend: parameters.peek().get('backend') ?? undefined,
    size: size === 'tiny' ? undefined : size,
    steps: steps === usual[size].steps ? undefined : steps,
    seed: seed === '0' ? undefined : seed,
    settings: settings === '' ? undefined : settings,
  });
});
