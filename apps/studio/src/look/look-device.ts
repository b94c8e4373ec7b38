import { signal } from '@preact/signals';
import { type LookClient, startLookClient } from '../engine/look-client.ts';
import type { DeviceRequest } from '../engine/start-device.ts';
import { reportProblem } from '../ui/notice.tsx';

export type Backend = DeviceRequest['backend'];

/** What was asked for, in the menu or the link. */
export const backend = signal<Backend>('auto');
/** The worker that computes, once its device has started. */
export const client = signal<LookClient | undefined>(undefined);
/** Whether a device is being started. */
export const isStarting = signal(false);

/** Starts a worker on another device. The one before goes on until this one has started, and stays if it does not start. */
export async function useBackend(next: Backend): Promise<void> {
  isStarting.value = true;
  try {
    const started = await startLookClient({ backend: next }, (reason) => void replaceLost(started, reason));
    client.value?.stop();
    client.value = started;
    backend.value = next;
  } catch (error) {
    reportProblem(error);
    if (client.value === undefined && next !== 'wasm') await useBackend('wasm');
  } finally {
    isStarting.value = false;
  }
}

/** A device that is lost computes nothing any more: another worker takes its place, on the processor if there is no GPU now. */
async function replaceLost(lost: LookClient, reason: string): Promise<void> {
  if (client.value !== lost) return;
  client.value = undefined;
  lost.stop();
  reportProblem(`The GPU was lost (${reason}). Starting again with the same picture and models.`);
  await useBackend(backend.value);
}
