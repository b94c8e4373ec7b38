import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Ending } from './vitrail.ts';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const preload = new URL('preload/signal-at-file-operation.mjs', import.meta.url).href;

/** A signal that the process is sent right before a file operation; see `preload/signal-at-file-operation.mjs`. */
export type SignalAt = { signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'; at: number; match: string };

/** How to start the program. */
export type ProcessOptions = {
  signals?: readonly SignalAt[];
  /** A shell command line in which `"$@"` stands for the program and its arguments. */
  shell?: string;
  cwd?: string;
};

/** A running `vitrail`: its process id, and how it ended. */
export type RunningVitrail = { pid: number; ending: Promise<Ending & { signal: NodeJS.Signals | null }> };

/** Starts the built program as a user would. */
export function startVitrail(argv: readonly string[], { signals, shell, cwd }: ProcessOptions = {}): RunningVitrail {
  if (!existsSync(program)) throw new Error(`${program} is not there: build the packages first (pnpm build)`);
  const node = [process.execPath, ...(signals ? ['--import', preload] : []), program, ...argv];
  const [command, ...args] = shell === undefined ? node : ['sh', '-c', shell, 'sh', ...node];
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(signals && { VITRAIL_TEST_SIGNALS: JSON.stringify(signals) }) },
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    printed.stdout += text;
  });
  child.stderr.on('data', (text) => {
    printed.stderr += text;
  });
  const ending = new Promise<Ending & { signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, ...printed }));
  });
  return { pid: child.pid ?? 0, ending };
}

/** Runs the built program to its end. */
export function vitrailProcess(argv: readonly string[], options: ProcessOptions = {}): RunningVitrail['ending'] {
  return startVitrail(argv, options).ending;
}
