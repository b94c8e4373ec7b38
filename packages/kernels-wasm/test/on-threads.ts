import { getBackend, setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { registerWasmKernels } from '../src/index.ts';

const variants = (['relaxed', 'plain'] as const).flatMap((build) => [
  { build, threads: 1, vectors: 128 as const },
  ...[1, 2, 3].map((threads) => ({ build, threads, vectors: undefined })),
]);

type Values = { shape: number[]; values: Float32Array | Int32Array | Uint8Array };

/** What the composition on cpu gives, by name of the comparison. */
const compositions = new Map<string, Values[]>();

/** Values by build and name of the comparison: the first variant of a build sets them, the others must repeat them bit by bit. */
const seen = new Map<string, Float32Array | Int32Array | Uint8Array>();

/** Names of comparisons are unique in a test file. */
export type ExpectAsOnCpu = (name: string, f: () => Tensor[], options?: { tolerance?: number }) => Promise<void>;

/**
 * The same tests with both builds of the kernels, on 1, 2 and 3 threads, and with vectors of 128 bits and the widest. `expectAsOnCpu`
 * compares with the plain composition on the cpu backend, and with what the other variants of a build gave.
 */
export function onThreads(tests: (expectAsOnCpu: ExpectAsOnCpu) => void): void {
  describe.each(variants)('build $build, threads $threads, vectors $vectors', ({ build, threads, vectors }) => {
    let previous: string;
    beforeAll(async () => {
      previous = getBackend();
      // The memory must be shared from the start, so the first call asks for several threads.
      await registerWasmKernels({ threads: 3, build, vectors });
      await registerWasmKernels({ threads, build, vectors });
    });
    afterAll(async () => {
      await setBackend(previous);
    });
    tests((name, f, options) => compare(build, name, f, options));
  });
}

/**
 * Fails unless `f` gives on the wasm backend what it gives on cpu, within `tolerance` (relative to the largest value, at least
 * 1), with NaN and infinities in the same places. `f` makes its own inputs, the same each time, and returns the tensors to
 * compare.
 */
async function compare(build: string, name: string, f: () => Tensor[], { tolerance = 1e-5 } = {}): Promise<void> {
  const actual = valuesOf(f);
  const expected = compositions.get(name) ?? (await onCpu(() => valuesOf(f)));
  compositions.set(name, expected);
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  expected.forEach((one, index) => {
    const values = actual[index].values;
    const finite = Array.from(one.values).filter(Number.isFinite);
    const allowed = tolerance * finite.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    one.values.forEach((value, i) => {
      const same = Object.is(value, values[i]) || value === values[i] || Math.abs(value - values[i]) <= allowed;
      if (!same) expect.fail(`${name}, output ${index}, element ${i}: ${values[i]} instead of ${value}`);
    });
    const key = `${build} ${name} ${index}`;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, values);
    else expect(values, `${key}: other bits than another variant gave`).toEqual(before);
  });
}

async function onCpu<T>(f: () => T): Promise<T> {
  await setBackend('cpu');
  try {
    return f();
  } finally {
    await setBackend('wasm');
  }
}

function valuesOf(f: () => Tensor[]): Values[] {
  const tensors = tidy(f);
  const values = tensors.map((tensor) => ({ shape: tensor.shape, values: tensor.dataSync() }));
  for (const tensor of tensors) tensor.dispose();
  return values;
}
