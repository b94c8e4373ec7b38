import { type BackendName, type BackendReport, startBackend } from '@vitrail/backend';

/** What `--backend` takes. */
export const backendNames = ['auto', 'webgpu', 'tensorflow', 'wasm', 'cpu'] as const satisfies readonly BackendName[];

/** Starts the backend that was asked for and says on stderr which one runs, and why. */
export async function startAnnouncedBackend(name: BackendName): Promise<BackendReport> {
  const report = await startBackend(name);
  process.stderr.write(`backend: ${report.name} (${report.reason})\n`);
  return report;
}
