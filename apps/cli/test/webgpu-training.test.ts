import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backend } from '@tensorflow/tfjs-core';
import { detectBackends } from '@vitrail/backend';
import { useSoftwareGpu } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { readJson, readLatest, readMetrics } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain } from './tiny.ts';
import { type Ending, vitrail } from './vitrail.ts';

useSoftwareGpu();
const webgpu = (await detectBackends()).find(({ name }) => name === 'webgpu');
const available = webgpu?.available === true;

const folder = scratchFolder();
const directory = (name: string) => join(folder, name);
/** Rows for steps 1, 2 to 5, 6 to 10, 11 to 15, and 16 to 20, and a checkpoint at the end. */
const set = ['train.logEvery=5', 'train.checkpointEvery=100', 'train.evaluateEvery=100'];
const argv = (name: string, on: string) => [...tinyPretrain(directory(name), { steps: 20, set }), '--backend', on];
const losses = (name: string) => readMetrics(directory(name)).filter(({ split }) => split === 'train');

/** How many buffers are mapped for reading while a run goes on, until its last step is logged. */
async function countReads(name: string, run: () => Promise<unknown>): Promise<number> {
  const { prototype } = GPUBuffer;
  const { mapAsync } = prototype;
  const path = join(directory(name), 'metrics.jsonl');
  let reads = 0;
  prototype.mapAsync = function (...args) {
    const isOver = existsSync(path) && readFileSync(path, 'utf8').includes('"step":20,"split":"train"');
    if (args[0] === GPUMapMode.READ && !isOver) reads++;
    return mapAsync.apply(this, args);
  };
  try {
    await run();
  } finally {
    prototype.mapAsync = mapAsync;
  }
  return reads;
}

describe.skipIf(!available)(
  available ? 'pretraining on webgpu' : `pretraining on webgpu: ${webgpu?.reason}`,
  { timeout: 600_000 },
  () => {
    // Every read waits for the device: a GPU would stand still at every step.
    it('reads nothing at a step that is not logged, agrees with wasm and cpu, and gives the same bytes again', async () => {
      const run = async (name: string, on: string) => {
        const { status, stderr } = await vitrail(...argv(name, on));
        expect(status, stderr).toBe(0);
      };
      await run('wasm', 'wasm');
      await run('cpu', 'cpu');
      await run('gpu', 'webgpu');
      // At steps 1, 5, 10, 15 and 20: the numbers, their sums and the temperature.
      expect(await countReads('again', () => run('again', 'webgpu'))).toBe(15);
      const rows = losses('wasm');
      expect(rows.map(({ step }) => step)).toEqual([1, 5, 10, 15, 20]);
      for (const [i, row] of [...losses('gpu').entries(), ...losses('cpu').entries()]) {
        expect(Object.keys(row)).toEqual(Object.keys(rows[i]));
        for (const [name, value] of Object.entries(row)) {
          const expected = rows[i][name];
          if (typeof value !== 'number' || name === 'imagesPerSecond') continue;
          expect(Math.abs(value - Number(expected)), name).toBeLessThan(1e-3 * Math.max(1, Math.abs(Number(expected))));
        }
      }
      expect(losses('again')).toEqual(losses('gpu'));
      for (const file of ['model.safetensors', 'optimizer.safetensors', 'carried.safetensors', 'state.json'])
        expect(readLatest(directory('again'), file).equals(readLatest(directory('gpu'), file)), file).toBe(true);
    });

    it('goes on after its device was lost: the run fails with a reason, and --resume takes its last checkpoint', async () => {
      const stop = whenThere(join(directory('lost'), 'checkpoints', 'latest'), () => {
        (backend() as unknown as { device: GPUDevice }).device.destroy();
      });
      const ending: Ending = await vitrail(
        ...tinyPretrain(directory('lost'), { steps: 400, set: ['train.checkpointEvery=3', 'train.evaluateEvery=1000'] }),
        '--backend',
        'webgpu',
      );
      stop();
      expect(ending.status).toBe(1);
      const checkpoint = readFileSync(join(directory('lost'), 'checkpoints', 'latest'), 'utf8').trim();
      const summary = readJson(directory('lost'), 'summary.json');
      expect(summary).toMatchObject({ status: 'failed', backend: 'webgpu' });
      expect(summary.reason).toMatch(
        /^the GPU device was lost: .* \(after step \d+\)\. The last good checkpoint is that of step \d+ /,
      );
      expect(summary.reason).toContain(`${checkpoint}): --resume goes on from there`);
      expect(ending.stderr).toContain(summary.reason);
    });
  },
);

/** Calls `act` as soon as a file is there. */
function whenThere(path: string, act: () => void): () => void {
  const timer = setInterval(() => {
    if (!existsSync(path)) return;
    clearInterval(timer);
    act();
  }, 5);
  return () => clearInterval(timer);
}
