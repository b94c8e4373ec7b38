import { setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';
// By its path: this package cannot depend on the one that depends on it.
import { startBackend } from '../../backend/src/index.ts';
import { cases } from './browser-cases.ts';

/** What the page finds. */
export type PageReport = {
  /** What startBackend says of the device. */
  reason: string;
  maximumTensorBytes: number;
  /** By case: the largest difference from the cpu backend, relative to the largest value and at least 1. */
  differences: Record<string, number>;
  /** Cases with other bits the second time. */
  unsteady: string[];
};

/** Why there is no device, or what it computes. */
async function report(): Promise<PageReport | { unavailable: string }> {
  await startBackend('cpu');
  const expected = await resultsOfAll();
  let started: Awaited<ReturnType<typeof startBackend>>;
  try {
    started = await startBackend('webgpu');
  } catch (error) {
    return { unavailable: (error as Error).message };
  }
  const [actual, again] = [await resultsOfAll(), await resultsOfAll()];
  await setBackend('cpu');
  const differences = Object.fromEntries(expected.map(([name, values], i) => [name, largestDifference(values, actual[i][1])]));
  const unsteady = actual.filter(([, values], i) => !sameBits(values, again[i][1])).map(([name]) => name);
  return { reason: started.reason, maximumTensorBytes: started.maximumTensorBytes ?? 0, differences, unsteady };
}

type Values = readonly ArrayLike<number>[];

async function resultsOfAll(): Promise<[name: string, values: Values][]> {
  const results: [string, Values][] = [];
  for (const [name, run] of Object.entries(cases)) {
    const tensors: Tensor[] = tidy(run);
    results.push([name, await Promise.all(tensors.map((tensor) => tensor.data()))]);
    for (const tensor of tensors) tensor.dispose();
  }
  return results;
}

function largestDifference(expected: Values, actual: Values): number {
  const differences = expected.map((values, output) => {
    const largest = Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    return Array.from(values, (value, i) => Math.abs(value - actual[output][i]) / largest).reduce(worse, 0);
  });
  return differences.reduce(worse, 0);
}

/** The larger of two; NaN is worse than any number. */
function worse(a: number, b: number): number {
  return Number.isNaN(a) || a > b ? a : b;
}

function sameBits(a: Values, b: Values): boolean {
  return a.every((values, output) => Array.from(values).every((value, i) => Object.is(value, b[output][i])));
}

Object.assign(globalThis, { report });
