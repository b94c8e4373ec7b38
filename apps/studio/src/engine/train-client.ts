import { proxy, type Remote, wrap } from 'comlink';
import type { DeviceReport, DeviceRequest } from './start-device.ts';
import type { EngineHooks, TrainEngine } from './train-engine.ts';

/** An engine that trains in a worker of its own, on a device that was started. */
export type TrainClient = {
  readonly device: DeviceReport;
  /** @throws what the engine throws, and when the worker was stopped, which by itself would leave the caller waiting */
  ask<T>(question: (engine: Remote<TrainEngine>) => Promise<T>): Promise<T>;
  /** Ends the worker, whatever it is doing. */
  stop(): void;
};

/** What a stopped worker answers to everything. */
export class WorkerStopped extends Error {}

/**
 * Starts a worker and the device in it.
 *
 * @param onLost called when the device is lost: the worker is of no use any more
 * @throws as `startDevice`; nothing is left behind then
 */
export async function startTrainClient(request: DeviceRequest, onLost: (reason: string) => void): Promise<TrainClient> {
  const worker = new Worker(new URL('./train.worker.ts', import.meta.url), { type: 'module', name: 'train' });
  const engine = wrap<TrainEngine>(worker);
  let end: (error: Error) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  ended.catch(() => {});
  worker.addEventListener('error', ({ message }) => end(new Error(message || 'the script of the worker could not be loaded')));
  const stop = () => {
    worker.terminate();
    end(new WorkerStopped('the worker was stopped'));
  };
  const ask: TrainClient['ask'] = (question) => Promise.race([question(engine), ended]);
  try {
    const device = await ask((there) => there.startDevice(request, proxy(onLost)));
    return { device, ask, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Hooks that can be called from the worker. */
export function hooksOf(hooks: EngineHooks): EngineHooks {
  return proxy(hooks);
}
