import { batch, computed, effect, signal } from '@preact/signals';
import type { DeviceRequest } from '../engine/start-device.ts';
import type { PickedFiles } from '../engine/train-data.ts';
import type { OpenedRun } from '../engine/train-engine.ts';
import type { KeptRun } from '../engine/train-kept-run.ts';
import type { PresetCard, RunPlan } from '../engine/train-plan.ts';
import type { RoomReport } from '../engine/train-room.ts';
import { keepInLink, page, parameters } from '../route.ts';
import { reportProblem } from '../ui/notice.tsx';
import { createRunner } from './runner.ts';

/** Under which the run of this page is kept in the browser. */
const runName = 'train';

/** What the form says; numbers as they were typed, so that nonsense can be told as such. */
export type RunForm = {
  readonly preset: string;
  readonly steps: string;
  readonly batchSize: string;
  readonly seed: string;
  readonly learningRate: string;
  /** One `path=value` a line. */
  readonly settings: string;
  readonly data: 'scenes' | 'folder' | 'shards';
};

/** What can be chosen, once the worker has said. */
export const presets = signal<readonly PresetCard[]>([]);
export const form = signal<RunForm>({
  preset: 'tipsv2:tiny',
  steps: '600',
  batchSize: '32',
  seed: '0',
  learningRate: '0.001',
  settings: '',
  data: 'scenes',
});
export const picked = signal<PickedFiles | undefined>(undefined);
/** The scene that no run trains on. */
export const heldOutScene = signal<OpenedRun['heldOut'] | undefined>(undefined);
/** The run that was kept from an earlier visit. */
export const kept = signal<KeptRun | undefined>(undefined);
/** What a step will need by the recipe's estimate, or why it cannot be. */
export const room = signal<RoomReport | string | undefined>(undefined);

/** The step at which a device was lost last: a run that got no further is not started again by itself. */
let lostAt = -1;

export const runner = createRunner({
  request: deviceRequest,
  onLost(reason, files) {
    const step = runner.keptStep.peek();
    if (step === undefined || step <= lostAt) {
      reportProblem(
        `The GPU was lost (${reason}). ${step === undefined ? 'There is no checkpoint yet: start again.' : `Step ${step} is kept.`}`,
      );
      void prepare();
      return;
    }
    lostAt = step;
    reportProblem(`The GPU was lost (${reason}). The run goes on from step ${step} in a new worker.`);
    void tell(goOnFromKept(files));
  },
});

export const isOpen = computed(() => ['running', 'pausing', 'paused', 'finished'].includes(runner.phase.value));
export const card = computed(() => presets.value.find(({ name }) => name === form.value.preset));

/** Where to compute, by the link: `backend` and `threads`; by itself a GPU where there is one. */
export function deviceRequest(): DeviceRequest {
  const [backend, threads] = [parameters.peek().get('backend'), parameters.peek().get('threads')];
  return {
    backend: backend === 'webgpu' || backend === 'wasm' ? backend : 'auto',
    ...(threads !== null && /^[1-9]\d?$/.test(threads) && { threads: Number(threads) }),
  };
}

/** Starts the worker when the page is seen for the first time, and asks it what there is. */
export async function prepare(): Promise<void> {
  const client = await runner.start();
  const known = await client.ask((engine) => engine.presets());
  batch(() => {
    const isFirst = presets.value.length === 0;
    presets.value = known;
    if (isFirst) fillFromLink();
  });
  await lookForKept();
  heldOutScene.value ??= await client.ask((engine) => engine.heldOutScene());
}

/** The run that is kept, if there is one, or that nothing can be kept. */
export async function lookForKept(): Promise<void> {
  const client = await runner.start();
  kept.value = await client
    .ask((engine) => engine.kept(runName))
    .catch((error: Error) => {
      runner.notKept.value = error.message;
      return undefined;
    });
}

/** Changes the form; another preset brings its own numbers. */
export function fill(change: Partial<RunForm>): void {
  const usual = change.preset === undefined ? undefined : presets.value.find(({ name }) => name === change.preset)?.usual;
  const numbers = usual && Object.fromEntries(Object.entries(usual).map(([name, value]) => [name, String(value)]));
  form.value = { ...form.value, ...numbers, ...change };
}

/** Begins a new run, which takes the place of the one that is kept. */
export async function startRun(): Promise<void> {
  const files = form.value.data === 'folder' || form.value.data === 'shards' ? picked.value : undefined;
  kept.value = undefined;
  lostAt = -1;
  await runner.train({ plan: planOf(form.value), files, keepAs: runName }).finally(lookAgain);
}

/** Goes on with the kept run, with the pictures that it began with. */
export async function goOnFromKept(files = picked.value): Promise<void> {
  const run = kept.peek();
  if (run !== undefined) {
    batch(() => {
      runner.rows.value = run.rows;
      runner.scores.value = run.scores;
      runner.keptStep.value = run.step;
    });
  }
  await runner.train({ files, keepAs: runName }).finally(lookAgain);
}

export async function stopRun(): Promise<void> {
  await runner.stop();
  await lookForKept();
}

export async function discardKept(): Promise<void> {
  const client = await runner.start();
  await client.ask((engine) => engine.discard(runName));
  await lookForKept();
}

/** Saves the model, or the whole run, as a file. */
export async function exportAs(what: 'model' | 'run'): Promise<void> {
  const client = await runner.start();
  const blob = await client.ask((engine) => (what === 'model' ? engine.exportModel(runName) : engine.exportRun(runName)));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = what === 'model' ? 'model.safetensors' : 'vitrail-run.tar';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Looks for these words in the held-out picture from now on. */
export async function lookForWords(text: string): Promise<readonly string[]> {
  const list = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (list.length < 2) throw new Error('Name at least two things to look for, with a comma between them.');
  const client = await runner.start();
  await client.ask((engine) => engine.look(list));
  return list;
}

/** Shows what keeps an action from being done. */
export async function tell(action: Promise<unknown>): Promise<void> {
  await action.catch(reportProblem);
}

/** After a run that failed: what is left of it can be gone on with. */
async function lookAgain(): Promise<void> {
  if (runner.phase.peek() === 'ready') await lookForKept();
}

function planOf({ preset, steps, batchSize, seed, learningRate, settings, data }: RunForm): RunPlan {
  const number = (text: string) => (text.trim() === '' ? Number.NaN : Number(text));
  return {
    preset,
    steps: number(steps),
    batchSize: number(batchSize),
    seed: number(seed),
    learningRate: number(learningRate),
    settings: settings
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
    data: data === 'scenes' ? 'scenes' : 'files',
  };
}

function fillFromLink(): void {
  const given = parameters.peek();
  const preset = given.get('preset') ?? form.value.preset;
  fill({ preset: presets.value.some(({ name }) => name === preset) ? preset : 'tipsv2:tiny' });
  for (const name of ['steps', 'batchSize', 'seed', 'learningRate', 'settings'] as const) {
    const value = given.get(name);
    if (value !== null) fill({ [name]: value });
  }
}

/** What differs from the preset is in the link. */
effect(() => {
  if (page.value !== 'train' || card.value === undefined) return;
  const { preset, steps, batchSize, seed, learningRate, settings } = form.value;
  const { usual } = card.value;
  const unusual = (name: keyof typeof usual, value: string) => (value === String(usual[name]) ? undefined : value);
  keepInLink({
    backend: parameters.peek().get('backend') ?? undefined,
    threads: parameters.peek().get('threads') ?? undefined,
    preset: preset === 'tipsv2:tiny' ? undefined : preset,
    steps: unusual('steps', steps),
    batchSize: unusual('batchSize', batchSize),
    seed: unusual('seed', seed),
    learningRate: unusual('learningRate', learningRate),
    settings: settings === '' ? undefined : settings,
  });
});

/** The estimate follows the form. */
let asked = 0;
effect(() => {
  const plan = planOf(form.value);
  if (runner.device.value === undefined || presets.value.length === 0) return;
  const question = ++asked;
  runner
    .start()
    .then((client) => client.ask((engine) => engine.room(plan)))
    .then(
      (answer) => answer,
      (error: Error) => error.message,
    )
    .then((answer) => {
      if (question === asked) room.value = answer;
    });
});

/** What can be kept is kept before the tab goes away. */
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'hidden' || runner.phase.peek() !== 'running') return;
  void runner.start().then((client) => client.ask((engine) => engine.keepSoon()));
});
