import { VitrailError } from '@vitrail/core';
import { learnTokenizer, type RunConfiguration } from '@vitrail/recipes';
import type { Tokenizer } from '@vitrail/text';
import { type Checkpoints, openCheckpoints } from './opfs-checkpoints.ts';
import { type DeviceReport, type DeviceRequest, startDevice } from './start-device.ts';
import { openTrainingData, type PickedFiles, type TrainingData } from './train-data.ts';
import { modelBlob, type RunFiles, runBlob } from './train-export.ts';
import { type HeldOut, heldOutScenes } from './train-held-out.ts';
import { type KeeperHooks, type KeptRun, keeper, keptRun, lockRun, type RunFile, runFileOf } from './train-kept-run.ts';
import { type PresetCard, presetCards, type RunPlan, type SettledPlan, settlePlan } from './train-plan.ts';
import type { SessionHooks } from './train-progress.ts';
import { explainMemory, type RoomReport, requireRoom } from './train-room.ts';
import { openSession, type Session } from './train-session.ts';

/** How a run is opened. */
export type OpenRequest = {
  /** Without one the kept run goes on. */
  readonly plan?: RunPlan;
  readonly files?: PickedFiles;
  /** The name under which checkpoints are kept; without one none are. */
  readonly keepAs?: string;
};

/** What is known of a run once it is open. */
export type OpenedRun = {
  readonly step: number;
  readonly steps: number;
  readonly description: string;
  readonly warnings: readonly string[];
  readonly heldOut: Pick<HeldOut, 'picture' | 'truth' | 'words'>;
  readonly readsTexts: boolean;
  readonly room: RoomReport;
};

/** Who hears of a run: of its progress, and of what is kept of it. */
export type EngineHooks = Omit<SessionHooks, 'keep'> & KeeperHooks;

/** What is open in this worker. */
type Open = { readonly session: Session; readonly settled: SettledPlan; readonly runFile: RunFile; close(): Promise<void> };

/** Trains one run at a time in the worker that this is made in. */
export class TrainEngine {
  #device: DeviceReport | undefined;
  #lost: Promise<string> | undefined;
  #onLost: (reason: string) => void = () => {};
  #open: Open | undefined;
  #pause = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  /** @see startDevice */
  async startDevice(request: DeviceRequest, onLost: (reason: string) => void): Promise<DeviceReport> {
    this.#lost = new Promise((resolve) => {
      this.#onLost = resolve;
    });
    this.#lost.then(onLost);
    this.#device = await startDevice(request, this.#onLost);
    return this.#device;
  }

  presets(): readonly PresetCard[] {
    return presetCards();
  }

  /** The scene that is held out, for a page that has no run yet. */
  async heldOutScene(): Promise<OpenedRun['heldOut']> {
    return shown(await heldOutScenes());
  }

  /** What a step of a plan needs. @throws as `settlePlan` and `requireRoom` */
  room(plan: RunPlan): RoomReport {
    return requireRoom(settlePlan(plan), this.#started());
  }

  /** @see keptRun */
  kept(name: string): Promise<KeptRun | undefined> {
    return keptRun(name);
  }

  /** Removes the run that is kept under a name. @throws `unavailable` while another tab is training it */
  async discard(name: string): Promise<void> {
    const release = await lockRun(name);
    await (await openCheckpoints(name)).clear().finally(release);
  }

  /**
   * Opens a run: a new one, which takes the place of the one that is kept, or the kept one.
   *
   * @throws readable errors for settings that cannot be, data that cannot be used, too little memory, and another tab in the same place
   */
  async open(request: OpenRequest, hooks: EngineHooks): Promise<OpenedRun> {
    await this.close();
    const { keepAs } = request;
    const release = keepAs === undefined ? () => {} : await lockRun(keepAs);
    try {
      const checkpoints =
        keepAs === undefined ? undefined : await openCheckpoints(keepAs).catch((error) => hooks.onNotKept(error.message));
      return await this.#openRun(request, checkpoints ?? undefined, hooks, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  async #openRun(
    { plan: asked, files }: OpenRequest,
    checkpoints: Checkpoints | undefined,
    hooks: EngineHooks,
    release: () => void,
  ): Promise<OpenedRun> {
    const kept = asked === undefined ? await checkpoints?.latest() : undefined;
    const before = kept && (await runFileOf(kept));
    const plan = asked ?? before?.plan;
    if (plan === undefined) throw new VitrailError('missing-data', 'There is no run to go on with any more: start a new one.');
    const settled = settlePlan(plan);
    const room = requireRoom(settled, this.#started());
    let data: TrainingData | undefined;
    try {
      data = await openTrainingData(plan, files, settled.config);
      if (before !== undefined) requireSame(before, data);
      const { config, tokenizer } = await withTokenizer(settled, data);
      const system = settled.recipe.assemble(config);
      const origin = { recipe: settled.recipe.name, preset: settled.presetName, backend: this.#started().name };
      const runFile: RunFile = { plan, identity: data.identity, picked: files?.name, configuration: { ...origin, ...config } };
      const keep = checkpoints && keeper(checkpoints, runFile, hooks);
      // The hooks are of another thread: a copy of them would be empty.
      const told: SessionHooks = { onProgress: (now) => hooks.onProgress(now), onView: (view) => hooks.onView(view), keep };
      const session = await openSession({ system, config, data, tokenizer, kept, lost: this.#lost, hooks: told });
      if (asked !== undefined) await checkpoints?.clear();
      const { source, heldOut } = data;
      const close = async () => {
        session.dispose();
        await source.close();
        release();
      };
      this.#open = { session, settled, runFile, close };
      return {
        step: session.step,
        steps: config.train.steps,
        description: source.description,
        warnings: source.warnings ?? [],
        heldOut: shown(heldOut),
        readsTexts: tokenizer !== undefined,
        room,
      };
    } catch (error) {
      await data?.source.close();
      throw explainMemory(error, settled);
    }
  }

  /** Trains until all steps are done, or until it is paused. @throws what keeps the run from going on: it is closed then */
  async run(): Promise<'completed' | 'interrupted'> {
    const { session, settled } = this.#opened();
    this.#pause = new AbortController();
    const running = session.run(this.#pause.signal);
    this.#running = running.catch(() => {});
    try {
      return await running;
    } catch (error) {
      await this.close();
      throw explainMemory(error, settled);
    }
  }

  /** Ends {@link run} after the step that is under way; it may be called again. */
  pause(): void {
    this.#pause.abort();
  }

  /** Keeps a checkpoint after the step that is under way. */
  keepSoon(): void {
    this.#open?.session.keepSoon();
  }

  /** Words to look for in the held-out picture from now on. */
  look(words: readonly string[]): void {
    this.#open?.session.look(words);
  }

  /** `model.safetensors` of the open run, or else of the one that is kept under a name. */
  async exportModel(name: string): Promise<Blob> {
    return modelBlob(await this.#files(name));
  }

  /** A run directory in a tar archive, of the open run, or else of the one that is kept under a name. */
  async exportRun(name: string): Promise<Blob> {
    return runBlob(await this.#files(name));
  }

  /** Pauses and closes the open run. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.pause();
    await this.#running;
    await open?.close();
  }

  async #files(name: string): Promise<RunFiles> {
    if (this.#open !== undefined) {
      const { session, runFile } = this.#open;
      return { ...(await session.stateFiles()), 'run.json': JSON.stringify(runFile) };
    }
    const kept = await (await openCheckpoints(name)).latest();
    if (kept === undefined) throw new VitrailError('missing-data', 'There is no run to export: train one first.');
    return Object.fromEntries(await Promise.all(kept.names.map(async (file) => [file, await kept.read(file)] as const)));
  }

  #started(): DeviceReport {
    if (this.#device === undefined) throw new VitrailError('unavailable', 'The device has not been started yet.');
    return this.#device;
  }

  #opened(): Open {
    if (this.#open === undefined) throw new VitrailError('missing-data', 'There is no open run.');
    return this.#open;
  }
}

/** The tokenizer of a recipe with texts, and the configuration with room for its ids. */
async function withTokenizer(
  { config }: SettledPlan,
  { captions }: TrainingData,
): Promise<{ config: RunConfiguration; tokenizer?: Tokenizer }> {
  const { text } = config;
  if (text === undefined) return { config };
  const tokenizer = await learnTokenizer(captions, text);
  return { config: { ...config, text: { ...text, vocabularySize: tokenizer.vocabularySize } }, tokenizer };
}

/** What the page shows of what is held out. */
function shown({ picture, truth, words }: HeldOut): OpenedRun['heldOut'] {
  return { picture, truth, words };
}

function requireSame({ identity }: RunFile, data: TrainingData): void {
  if (identity === data.identity) return;
  throw new VitrailError(
    'invalid-argument',
    `These are not the pictures that the run began with: those were ${identity}; these are ${data.identity}. Pick the same ones, or start a new run.`,
  );
}
