import type { LookEngine } from './look-engine.ts';
import type { DeviceRequest } from './start-device.ts';
import { startWorkerClient, type WorkerClient } from './worker-client.ts';

/** An engine that looks at pictures in a worker of its own. */
export type LookClient = WorkerClient<LookEngine>;

/** @see startWorkerClient */
export function startLookClient(request: DeviceRequest, onLost: (reason: string) => void): Promise<LookClient> {
  const worker = new Worker(new URL('./look.worker.ts', import.meta.url), { type: 'module', name: 'look' });
  return startWorkerClient<LookEngine>(worker, request, onLost);
}
