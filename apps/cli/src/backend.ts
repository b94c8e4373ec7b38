import { homedir } from 'node:os';
import { join } from 'node:path';
import { type BackendReport, startBackend } from '@vitrail/backend';

/** What `--backend` takes: the backends, and `tensorflow-gpu`, which refuses a TensorFlow that would compute on the processor. */
export const backendNames = ['auto', 'webgpu', 'tensorflow', 'tensorflow-gpu', 'wasm', 'cpu'] as const;

/** One of {@link backendNames}. */
export type BackendChoice = (typeof backendNames)[number];

/** Starts the backend that was asked for and says on stderr which one runs, and why. */
export async function startAnnouncedBackend(choice: BackendChoice): Promise<BackendReport> {
  const folder = tensorflowFolder();
  const report =
    choice === 'tensorflow-gpu'
      ? await startBackend('tensorflow', { tensorflow: { folder, device: 'gpu' } })
      : await startBackend(choice, { tensorflow: { folder } });
  process.stderr.write(`backend: ${report.name} (${report.reason})\n`);
  return report;
}

/** Where `vitrail doctor --setup-tensorflow` puts what it builds, for each user once: `$XDG_DATA_HOME/vitrail/tensorflow`. */
export function tensorflowFolder(): string {
  return join(process.env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'vitrail', 'tensorflow');
}
