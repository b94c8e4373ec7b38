import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Request } from '../protocol.ts';
import type { Engine } from './engine.ts';
import { serveEngine } from './serve-engine.ts';

function request(workload: string, repeats = 1): Request {
  return { workload, spec: { kind: 'layer-norm' }, data: { file: '', tensors: {} }, repeats };
}

/** What an engine says to these lines. */
async function talk(engine: Engine, lines: readonly string[]): Promise<unknown[]> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  input.end(lines.map((line) => `${line}\n`).join(''));
  await serveEngine(engine, input, output);
  return String(output.read())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('serveEngine', () => {
  it('prepares a workload once, lets go of the one before, and passes on repeats and value', async () => {
    const events: string[] = [];
    const engine: Engine = {
      hello: { version: 'fake 1', threads: 1 },
      async prepare({ workload }) {
        events.push(`prepare ${workload}`);
        return {
          run: (repeats) => {
            events.push(`run ${repeats}`);
          },
          value: () => 7,
          release: () => events.push(`release ${workload}`),
        };
      },
    };
    const said = await talk(
      engine,
      [request('a'), request('a', 3), request('b')].map((line) => JSON.stringify(line)),
    );
    expect(events).toEqual(['prepare a', 'run 1', 'run 3', 'release a', 'prepare b', 'run 1', 'release b']);
    expect(said).toEqual([engine.hello, ...Array(3).fill({ ms: expect.any(Number), value: 7 })]);
  });

  it('answers what went wrong, and lives on', async () => {
    const engine: Engine = {
      hello: { version: 'fake 1', threads: 1 },
      async prepare({ workload }) {
        if (workload === 'a') throw new Error('no gradient');
        return { run: () => {} };
      },
    };
    const said = await talk(engine, [JSON.stringify(request('a')), 'gibberish', JSON.stringify(request('b'))]);
    expect(said).toEqual([
      engine.hello,
      { error: 'no gradient' },
      { error: expect.stringContaining('JSON') },
      { ms: expect.any(Number) },
    ]);
  });
});
