import { proxy, type Remote, wrap } from 'comlink';
import type { DeviceReport, DeviceRequest } from './start-device.ts';

/** What every engine can do first. */
type StartsDevice = { startDevice(request: DeviceRequest, onLost: (reason: string) => void): Promise<DeviceReport> };

/** An engine in a worker of its own, on a device that was started. */
export type WorkerClient<Engine> = {
  readonly device: DeviceReport;
  /** @throws what the engine throws; `WorkerStopped` once the worker was stopped, which by itself would leave the caller waiting */
  ask<T>(question: (engine: Remote<Engine>) => Promise<T>): Promise<T>;
  /** Ends the worker, whatever it is doing. */
  stop(): void;
};

/** What a stopped worker answers to everything. */
export class WorkerStopped extends Error {}

/**
 * Starts the device of an engine in a worker.
 *
 * @param worker that exposes the engine; the client ends it
 * @param onLost called when the device is lost: the worker is of no use any more
 * @throws as `startDevice`; the worker is ended then
 */
export async function startWorkerClient<Engine extends StartsDevice>(
  worker: Worker,
  request: DeviceRequest,
  onLost: (reason: string) => void,
): Promise<WorkerClient<Engine>> {
  const engine = wrap<Engine>(worker);
  let end: (error: Error) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  ended.catch(() => {}); // Stopped while nothing was asked.
  worker.addEventListener('error', ({ message }) => end(new Error(message || 'the script of the worker could not be loaded')));
  const stop = () => {
    worker.terminate();
    end(new WorkerStopped('the worker was stopped'));
  };
  const ask: WorkerClient<Engine>['ask'] = (question) => Promise.race([question(engine), ended]);
  try {
    // Of an engine that is only known by its type, comlink cannot say what its methods become.
    const { startDevice } = engine as unknown as StartsDevice;
    return { device: await Promise.race([startDevice(request, proxy(onLost)), ended]), ask, stop };
  } catch (error) {
    stop();
    throw error;
  }
}
