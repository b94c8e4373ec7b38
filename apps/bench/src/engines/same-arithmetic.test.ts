import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setBackend, version_core } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { measureWorkload, type Participant } from '../measure-workload.ts';
import type { Answer, Hello } from '../protocol.ts';
import { attention } from '../workloads/attention.ts';
import { gemm } from '../workloads/gemm.ts';
import { layerNorm } from '../workloads/layer-norm.ts';
import { vitStep } from '../workloads/vit-step.ts';
import type { Workload } from '../workloads/workload.ts';
import { writeInputs } from '../workloads/write-inputs.ts';
import type { Engine } from './engine.ts';
import { jaxJsEngine } from './jax-js/jax-js-engine.ts';
import { serveEngine } from './serve-engine.ts';
import { prepareInTfjs } from './tfjs/prepare-in-tfjs.ts';
import { stockModel } from './tfjs/stock-model.ts';
import { compositionModel, vitrailModel } from './tfjs/vitrail-model.ts';

// Three implementations, of which two share nothing with Vitrail, from the inputs in a file to the row: each is the others' reference.

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
  await setBackend('wasm');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const size = { batch: 2, tokens: 6, patch: 12, width: 16, depth: 2, heads: 2, hidden: 64 };
const workloads: readonly Workload[] = [
  gemm({ name: 'gemm', title: '', a: [5, 3], b: [3, 4], sizes: [5, 3, 4] }),
  gemm({ name: 'gemm-dx', title: '', a: [5, 4], b: [3, 4], transposeB: true, sizes: [5, 3, 4] }),
  gemm({ name: 'gemm-dk', title: '', a: [5, 3], b: [5, 4], transposeA: true, sizes: [5, 3, 4] }),
  gemm({ name: 'gemm-qk', title: '', a: [2, 5, 3], b: [2, 5, 3], transposeB: true, sizes: [2, 5, 3, 5] }),
  attention({ batch: 2, tokens: 5, width: 8, heads: 2 }),
  layerNorm({ rows: 5, width: 8 }),
  vitStep(size, { name: 'vit-step', dropped: 0 }),
];

it.each(workloads)('$name is the same on composition, stock and jax-js', async (workload) => {
  const rows = await measure(workload, {
    composition: tfjs(compositionModel),
    stock: tfjs(stockModel),
    'jax-js': await jaxJsEngine('wasm'),
  });
  expect(rows.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
  for (const { engine, difference = 0 } of rows.slice(1)) expect(difference, engine).toBeLessThan(1e-5);
});

it('drops the same tokens on composition and jax-js', async () => {
  const workload = vitStep(size, { name: 'token-drop/0.5', dropped: 0.5 });
  const rows = await measure(workload, { composition: tfjs(compositionModel), 'jax-js': await jaxJsEngine('wasm') });
  expect(rows[0]).toMatchObject({ rounds: 2, launchesPerLayer: expect.any(Number), loss: expect.any(Number) });
  expect(rows[1].error).toBeUndefined();
  expect(rows[1].difference).toBeLessThan(1e-5);
});

it('takes whole steps of a recipe, which change its loss', async () => {
  const request = { workload: 'tipsv2:tiny', spec: { kind: 'recipe-step', recipe: 'tipsv2:tiny' }, repeats: 1 } as const;
  const prepared = await prepareInTfjs({ ...request, data: { file: '', tensors: {} } }, vitrailModel);
  await prepared.run(1);
  const first = await prepared.value?.();
  await prepared.run(1);
  expect(first).toBeGreaterThan(0);
  expect(await prepared.value?.()).not.toBe(first);
  prepared.release?.();
});

it('sees an engine that computes something else', async () => {
  const [workload] = workloads;
  const transposed: typeof vitrailModel = {
    ...vitrailModel,
    product: (a, b, transposeA, transposeB) => stockModel.product(b, a, !transposeB, !transposeA),
  };
  const rows = await measure(workload, { composition: tfjs(compositionModel), transposed: tfjs(transposed) });
  expect(rows[1].difference).toBeGreaterThan(1e-3);
});

function tfjs(model: typeof vitrailModel): Engine {
  return { hello: { version: `tfjs ${version_core}`, threads: 1 }, prepare: (request) => prepareInTfjs(request, model) };
}

async function measure(workload: Workload, engines: Record<string, Engine>) {
  const data = await writeInputs(workload, join(folder, 'inputs'));
  const talks = Object.entries(engines).map(([name, engine]) => participant(name, engine));
  const rows = await measureWorkload(
    workload,
    talks.map(({ participant }) => participant),
    { data, rounds: 2, sampleMs: 1 },
  );
  for (const { end } of talks) await end();
  return rows;
}

/** An engine that is spoken to as if it were in another process. */
function participant(engine: string, served: Engine): { participant: Participant; end(): Promise<void> } {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const serving = serveEngine(served, input, output);
  const lines = output[Symbol.asyncIterator]();
  const next = async () => JSON.parse(String((await lines.next()).value)) as unknown;
  const hello = next() as Promise<Hello>;
  const ask: Awaited<ReturnType<Participant['process']>>['ask'] = async (request) => {
    input.write(`${JSON.stringify(request)}\n`);
    const answer = (await next()) as Answer;
    if ('error' in answer) throw new Error(answer.error);
    return answer;
  };
  return {
    participant: { engine, threads: 1, process: async () => ({ hello: await hello, ask }) },
    async end() {
      input.end();
      await serving;
    },
  };
}
