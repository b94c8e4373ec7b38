import { proxy } from 'comlink';
import type { DeviceRequest } from './start-device.ts';
import type { EngineHooks, TrainEngine } from './train-engine.ts';
import { startWorkerClient, type WorkerClient } from './worker-client.ts';

/** An engine that trains in a worker of its own. */
export type TrainClient = WorkerClient<TrainEngine>;

/** @see startWorkerClient */
export function startTrainClient(request: DeviceRequest, onLost: (reason: string) => void): Promise<TrainClient> {
  const worker = new Worker(new URL('./train.worker.ts', import.meta.url), { type: 'module', name: 'train' });
  return startWorkerClient<TrainEngine>(worker, request, onLost);
}

/** Hooks that can be called from the worker. */
export function hooksOf(hooks: EngineHooks): EngineHooks {
  return proxy(hooks);
}
