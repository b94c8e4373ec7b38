import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Contestant, runBench } from './run-bench.ts';
import { gemm } from './workloads/gemm.ts';
import { layerNorm } from './workloads/layer-norm.ts';

const product = gemm({ name: 'gemm', title: 'y = x k', a: [2, 3], b: [3, 2], sizes: [2, 3, 2] });
const norm = layerNorm({ rows: 2, width: 4 });
const options = { rounds: 2, note: () => {} };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** An engine that is a program of one line: `answer` is what it does with a `request`, each of which takes 100 ms by its own account. */
function contestant(engine: string, answer: string, kinds: Contestant['kinds'] = ['gemm', 'layer-norm']): Contestant {
  const log = JSON.stringify(join(folder, `${engine}.log`));
  const program = `
    const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
    require('node:fs').appendFileSync(${log}, process.pid + '\\n');
    say({ version: '${engine} 1', threads: 1 });
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const request = JSON.parse(line);
      ${answer}
    });`;
  return { engine, threads: 1, kinds, command: { file: process.execPath, args: ['-e', program] } };
}

function processIds(engine: string): number[] {
  return readFileSync(join(folder, `${engine}.log`), 'utf8')
    .trim()
    .split('\n')
    .map(Number);
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(id: number): Promise<void> {
  while (isRunning(id)) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('runBench', () => {
  it('gives each engine the same inputs in one process, and leaves neither process nor file behind', async () => {
    // Answers with the sum of the bytes of the inputs.
    const sum = `
      const bytes = require('node:fs').readFileSync(request.data.file);
      say({ ms: 100, value: bytes.reduce((a, b) => a + b, 0) });
      require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'file'))}, request.data.file);`;
    const rows = await runBench([product, norm], [contestant('first', sum), contestant('second', sum)], options);
    expect(rows.map(({ workload, engine, difference }) => [workload, engine, difference])).toEqual([
      [product.name, 'first', undefined],
      [product.name, 'second', 0],
      [norm.name, 'first', undefined],
      [norm.name, 'second', 0],
    ]);
    const ids = [...processIds('first'), ...processIds('second')];
    expect(ids).toHaveLength(2);
    for (const id of ids) await untilGone(id);
    expect(existsSync(readFileSync(join(folder, 'file'), 'utf8'))).toBe(false);
  });

  it('asks an engine only for what it knows', async () => {
    const rows = await runBench([product, norm], [contestant('products', 'say({ ms: 100 });', ['gemm'])], options);
    expect(rows.map(({ workload }) => workload)).toEqual([product.name]);
  });

  it('has a row that says why for engines that are missing, that die or that refuse, and goes on', async () => {
    const rows = await runBench(
      [product, norm],
      [
        contestant('good', 'say({ ms: 100 });'),
        contestant('refusing', "say({ error: 'no gradient of gather' });"),
        contestant(
          'dying',
          "if (request.spec.kind !== 'gemm') say({ ms: 100 }); else { console.error('Aborted()'); process.exit(3); }",
        ),
        contestant('crashing', "throw new TypeError('x is not a tensor');"),
        { ...contestant('missing', ''), command: { file: join(folder, 'no-python'), args: [] } },
      ],
      options,
    );
    expect(rows.slice(0, 5).map(({ error }) => error)).toEqual([
      undefined,
      'no gradient of gather',
      'its process ended with status 3: Aborted()',
      'its process ended with status 1: TypeError: x is not a tensor',
      expect.stringMatching(/no-python could not be started: .*ENOENT/),
    ]);
    // The one that died is started again for the next workload.
    expect(rows.slice(5).map(({ medianMs }) => medianMs)).toEqual([100, null, 100, null, null]);
    expect(processIds('dying')).toHaveLength(2);
  });

  it('ends when it is told to, though an engine is busy, and takes the engine with it', async () => {
    const interruption = new AbortController();
    const busy = contestant('busy', '');
    const running = runBench([product], [busy], {
      ...options,
      note: () => setTimeout(() => interruption.abort(), 300),
      signal: interruption.signal,
    });
    await expect(running).rejects.toThrow(/abort/i);
    if (existsSync(join(folder, 'busy.log'))) for (const id of processIds('busy')) await untilGone(id);
  });
});
