import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Answer, Request } from '../protocol.ts';
import type { Engine, Prepared } from './engine.ts';

/** Speaks for an engine: says hello, then answers requests, a line of JSON each, until the input ends. */
export async function serveEngine({ hello, prepare }: Engine, input: Readable, output: Writable): Promise<void> {
  const say = (line: object) => output.write(`${JSON.stringify(line)}\n`);
  let current: { name: string; prepared: Prepared } | undefined;
  say(hello);
  for await (const line of createInterface({ input })) {
    try {
      const request = JSON.parse(line) as Request;
      if (current?.name !== request.workload) {
        current?.prepared.release?.();
        current = undefined;
        current = { name: request.workload, prepared: await prepare(request) };
      }
      say(await measure(current.prepared, request.repeats));
    } catch (error) {
      say({ error: error instanceof Error ? error.message : String(error) } satisfies Answer);
    }
  }
  current?.prepared.release?.();
}

async function measure(prepared: Prepared, repeats: number): Promise<Answer> {
  const start = performance.now();
  await prepared.run(repeats);
  const ms = (performance.now() - start) / repeats;
  const { launchesPerLayer } = prepared;
  return {
    ms,
    ...(prepared.value && { value: await prepared.value() }),
    ...(launchesPerLayer !== undefined && { launchesPerLayer }),
  };
}
