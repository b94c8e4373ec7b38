import { importBuiltin } from './import-builtin.ts';

/** How a program ended. `missing` when there is no such program. */
export type ProgramResult = { readonly status: number | 'missing'; readonly stdout: string; readonly stderr: string };

/**
 * Runs a program to its end and collects what it prints. It does not fail where the program does: see `status`.
 *
 * @param options.environment variables in addition to those of this process
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { directory, environment = {} }: { directory?: string; environment?: Readonly<Record<string, string>> } = {},
): Promise<ProgramResult> {
  const { spawn } = await importBuiltin<typeof import('node:child_process')>('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: directory,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collected = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        collected[stream] += text;
      });
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve({ status: 'missing', ...collected });
      else reject(error);
    });
    // A program that a signal ended has no status of its own; shells report 128 and more.
    child.on('close', (status) => resolve({ status: status ?? 128, ...collected }));
  });
}
