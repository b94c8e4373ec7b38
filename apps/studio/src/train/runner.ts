import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { DeviceReport, DeviceRequest } from '../engine/start-device.ts';
import { hooksOf, startTrainClient, type TrainClient } from '../engine/train-client.ts';
import type { PickedFiles } from '../engine/train-data.ts';
import type { EngineHooks, OpenedRun, OpenRequest } from '../engine/train-engine.ts';
import type { ModelView } from '../engine/train-held-out.ts';
import type { Progress } from '../engine/train-progress.ts';
import { type TrainRow, withRows } from '../engine/train-rows.ts';
import { WorkerStopped } from '../engine/worker-client.ts';

/** Where a run is: `off` before there is a worker, `ready` when a run can be opened. */
export type Phase = 'off' | 'starting' | 'ready' | 'opening' | 'running' | 'pausing' | 'paused' | 'finished';

/** A run in a worker, as the page sees it. */
export type Runner = {
  readonly phase: ReadonlySignal<Phase>;
  readonly device: ReadonlySignal<DeviceReport | undefined>;
  readonly opened: ReadonlySignal<OpenedRun | undefined>;
  readonly progress: ReadonlySignal<Progress | undefined>;
  readonly rows: Signal<readonly TrainRow[]>;
  /** mIoU by step. */
  readonly scores: Signal<readonly TrainRow[]>;
  readonly view: ReadonlySignal<ModelView | undefined>;
  /** The step of the newest checkpoint, and why there is none. */
  readonly keptStep: Signal<number | undefined>;
  readonly notKept: Signal<string | undefined>;
  /** Starts the worker, where none is. */
  start(): Promise<TrainClient>;
  /** Opens a run and trains until it is done or paused. @throws what the engine throws */
  train(request: OpenRequest): Promise<void>;
  pause(): Promise<void>;
  /** Goes on with a paused run. */
  goOn(): Promise<void>;
  /** Ends the run; what was kept of it stays. */
  stop(): Promise<void>;
  /** Ends the worker at once. */
  end(): void;
};

/** How a runner behaves. */
export type RunnerOptions = {
  request(): DeviceRequest;
  /** Told when the device is lost, once the worker has been ended: a run that is kept can go on from its checkpoint. */
  onLost(reason: string, files: PickedFiles | undefined): void;
};

/** A runner without a worker yet. */
export function createRunner({ request, onLost }: RunnerOptions): Runner {
  const phase = signal<Phase>('off');
  const device = signal<DeviceReport>();
  const opened = signal<OpenedRun>();
  const progress = signal<Progress>();
  const rows = signal<readonly TrainRow[]>([]);
  const scores = signal<readonly TrainRow[]>([]);
  const view = signal<ModelView>();
  const keptStep = signal<number>();
  const notKept = signal<string>();
  let client: Promise<TrainClient> | undefined;
  let running: Promise<void> = Promise.resolve();
  let files: PickedFiles | undefined;

  const hooks: EngineHooks = {
    onProgress(now) {
      batch(() => {
        progress.value = now;
        rows.value = withRows(rows.value, now.rows);
      });
    },
    onView(now) {
      const { step, mIoU } = now;
      batch(() => {
        view.value = now;
        if (mIoU !== undefined && scores.value.at(-1)?.step !== step) scores.value = withRows(scores.value, [{ step, mIoU }]);
      });
    },
    onKept(step) {
      batch(() => {
        keptStep.value = step;
        notKept.value = undefined;
      });
    },
    onNotKept(reason) {
      notKept.value = reason;
    },
  };

  function end(): void {
    const ending = client;
    client = undefined;
    phase.value = 'off';
    device.value = undefined;
    ending?.then(
      (started) => started.stop(),
      () => {},
    );
  }

  function start(): Promise<TrainClient> {
    if (client !== undefined) return client;
    phase.value = 'starting';
    const starting = startTrainClient(request(), (reason) => {
      if (client !== starting) return;
      const wasTraining = phase.value !== 'ready';
      end();
      if (wasTraining) onLost(reason, files);
    });
    client = starting;
    starting.then(
      (started) => {
        if (client !== starting) return;
        device.value = started.device;
        if (phase.value === 'starting') phase.value = 'ready';
      },
      () => {
        if (client === starting) end();
      },
    );
    return starting;
  }

  /** Runs the open run; errors of a worker that was ended are nobody's. */
  function run(there: TrainClient): Promise<void> {
    phase.value = 'running';
    running = there
      .ask((engine) => engine.run())
      .then(
        (status) => {
          phase.value = status === 'completed' ? 'finished' : 'paused';
        },
        (error: Error) => {
          if (error instanceof WorkerStopped) return;
          if (client !== undefined) phase.value = 'ready';
          throw error;
        },
      );
    return running;
  }

  return {
    phase,
    device,
    opened,
    progress,
    rows,
    scores,
    view,
    keptStep,
    notKept,
    start,
    end,
    async train(asked) {
      const starting = start();
      const there = await starting;
      if (client !== starting) return; // It was ended meanwhile.
      phase.value = 'opening';
      try {
        files = asked.files;
        const isNew = asked.plan !== undefined;
        batch(() => {
          opened.value = undefined;
          notKept.value = undefined;
          progress.value = undefined;
          view.value = undefined;
          if (isNew) {
            rows.value = [];
            scores.value = [];
            keptStep.value = undefined;
          }
        });
        opened.value = await there.ask((engine) => engine.open(asked, hooksOf(hooks)));
      } catch (error) {
        if (client !== undefined) phase.value = 'ready';
        if (error instanceof WorkerStopped) return;
        throw error;
      }
      await run(there);
    },
    async pause() {
      phase.value = 'pausing';
      await (await start()).ask((engine) => engine.pause());
      await running.catch(() => {});
    },
    async goOn() {
      await run(await start());
    },
    async stop() {
      const there = await start();
      if (phase.value === 'running') phase.value = 'pausing';
      await there.ask((engine) => engine.close());
      await running.catch(() => {});
      phase.value = 'ready';
      opened.value = undefined;
    },
  };
}
