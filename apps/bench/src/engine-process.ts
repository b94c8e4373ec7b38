import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answer, Hello, Request } from './protocol.ts';

/** How the process of an engine is started. */
export type EngineCommand = { file: string; args: readonly string[] };

/** An engine in a process of its own. */
export type EngineProcess = {
  hello: Hello;
  /** Sends a request and waits for its answer. @throws what the engine says went wrong, or how its process ended. */
  ask(request: Request): Promise<Extract<Answer, { ms: number }>>;
  /** Whether it can be asked again. */
  isAlive(): boolean;
  /** Ends the process, whatever it is doing. */
  close(): void;
};

/**
 * Starts an engine and waits for its hello. One request at a time.
 *
 * @param options.signal ends the process, whatever it is doing
 * @throws how its process ended, with what it said last on stderr
 */
export async function startEngine(
  { file, args }: EngineCommand,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<EngineProcess> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], killSignal: 'SIGKILL', ...(signal && { signal }) });
  const lines = linesOf(child);
  const close = () => child.kill('SIGKILL');
  // A process that has ended cannot be written to; how it ended is in `lines`.
  child.stdin.on('error', () => {});
  try {
    const hello = JSON.parse(await lines.next()) as Hello;
    return {
      hello,
      async ask(request) {
        child.stdin.write(`${JSON.stringify(request)}\n`);
        const answer = JSON.parse(await lines.next()) as Answer;
        if ('error' in answer) throw new Error(answer.error);
        return answer;
      },
      isAlive: () => child.exitCode === null && child.signalCode === null,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The lines of a process's stdout, one by one; the end of the process is an error for whoever waits. */
function linesOf(child: ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> }) {
  const arrived: string[] = [];
  let waiting: { resolve(line: string): void; reject(error: Error): void } | undefined;
  let end: Error | undefined;
  let complaints = '';
  child.stderr?.on('data', (text) => {
    complaints = (complaints + text).slice(-4000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (waiting) waiting.resolve(line);
    else arrived.push(line);
    waiting = undefined;
  });
  const finish = (error: Error) => {
    end ??= error;
    waiting?.reject(end);
    waiting = undefined;
  };
  child.on('error', (error) => finish(new Error(`${child.spawnfile} could not be started: ${error.message}`)));
  // After `exit` there may still be output to read; after `close` there is none.
  child.on('close', (status, signal) => {
    finish(new Error(`its process ended with ${signal ?? `status ${status}`}${lastComplaint(complaints)}`));
  });
  return {
    next(): Promise<string> {
      const line = arrived.shift();
      if (line !== undefined) return Promise.resolve(line);
      if (end !== undefined) return Promise.reject(end);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
  };
}

/** The line of stderr that says what was wrong: the last that is neither indented, as stacks are, nor the version that Node signs with. */
function lastComplaint(text: string): string {
  const line = text.split('\n').findLast((candidate) => /^\S/.test(candidate) && !candidate.startsWith('Node.js v'));
  return line === undefined ? '' : `: ${line}`;
}
