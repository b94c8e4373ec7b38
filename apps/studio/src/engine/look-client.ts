import { VitrailError } from '@vitrail/core';
import { proxy, type Remote, wrap } from 'comlink';
import type { LookEngine } from './look-engine.ts';
import type { DeviceReport, DeviceRequest } from './start-device.ts';

/** An engine in a worker of its own, on a device that was started. */
export type LookClient = {
  readonly device: DeviceReport;
  /** @throws what the engine throws; `unavailable` once the worker was stopped, which by itself would leave the caller waiting */
  ask<T>(question: (engine: Remote<LookEngine>) => Promise<T>): Promise<T>;
  stop(): void;
};

/**
 * Starts a worker and the device in it.
 *
 * @param onLost called when the device is lost: the worker is of no use any more
 * @throws as `startDevice`; nothing is left behind then
 */
export async function startLookClient(request: DeviceRequest, onLost: (reason: string) => void): Promise<LookClient> {
  const worker = new Worker(new URL('./look.worker.ts', import.meta.url), { type: 'module', name: 'look' });
  const engine = wrap<LookEngine>(worker);
  let end: (error: VitrailError) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  ended.catch(() => {}); // Stopped while nothing was asked.
  worker.addEventListener('error', ({ message }) => {
    end(new VitrailError('unavailable', message || 'the script of the worker could not be loaded'));
  });
  const stop = () => {
    worker.terminate();
    end(new VitrailError('unavailable', 'the worker was stopped'));
  };
  const ask: LookClient['ask'] = (question) => Promise.race([question(engine), ended]);
  try {
    const device = await ask((there) => there.startDevice(request, proxy(onLost)));
    return { device, ask, stop };
  } catch (error) {
    stop();
    throw error;
  }
}
