import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readInputs } from '../engines/read-inputs.ts';
import { vitStep } from './vit-step.ts';
import { writeInputs } from './write-inputs.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const workload = vitStep(
  { batch: 3, tokens: 8, patch: 12, width: 16, depth: 1, heads: 2, hidden: 64 },
  { name: 'token-drop/0.5', dropped: 0.5 },
);

it('writes what engines read, the same each time', async () => {
  const first = await readInputs(await writeInputs(workload, join(folder, 'a')));
  const second = await readInputs(await writeInputs(workload, join(folder, 'b')));
  expect(second).toEqual(first);
  expect(Object.keys(first)).toEqual(Object.keys(workload.inputs));
  expect(first['params.blocks.0.attn.qkv.kernel'].shape).toEqual([16, 48]);
  expect(new Set(first['params.norm.scale'].values)).toEqual(new Set([1]));
  expect(first.patches.values).not.toEqual(first.target.values);
});

it('keeps distinct tokens of each sample, others in each', async () => {
  const { keep } = await readInputs(await writeInputs(workload, join(folder, 'c')));
  expect(keep.shape).toEqual([3, 4]);
  const samples = [0, 1, 2].map((sample) => [...keep.values.slice(4 * sample, 4 * sample + 4)]);
  for (const tokens of samples) {
    expect(new Set(tokens).size).toBe(4);
    for (const token of tokens) expect(token >= 0 && token < 8 && Number.isInteger(token)).toBe(true);
  }
  expect(new Set(samples.map(String)).size).toBeGreaterThan(1);
});
