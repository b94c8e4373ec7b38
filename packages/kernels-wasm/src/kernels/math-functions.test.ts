import { erf, exp, leakyRelu, log, onesLike, softplus, type Tensor, tanh, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { swiglu } from '@vitrail/ops';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

const special = [0, -0, NaN, Infinity, -Infinity, 1e-45, -1e-45, 1e-39, -1e-39, 1e30, -1e30, 3.4e38, -3.4e38];
const edges = [88.7, 88.72283, 88.73, 89, 1000, -87.3, -87.4, -87.7, -88, -90, -103, -103.9, -104, -1000];
const spread = Array.from({ length: 40_001 }, (_, i) => (i - 20_000) / 190);
const fine = Array.from({ length: 4000 }, (_, i) => 10 ** (-i / 100) * (i % 2 === 0 ? 1 : -1));
const inputs = [...special, ...edges, ...spread, ...fine];

/** Exact values in float64, and how many units in the last place (of float32) ours may be away. */
const functions: Record<string, { run(x: Tensor): Tensor; exact(x: number): number; ulps: number; lowest?: number }> = {
  exp: { run: exp, exact: Math.exp, ulps: 1 },
  log: { run: log, exact: Math.log, ulps: 1 },
  tanh: { run: tanh, exact: Math.tanh, ulps: 3 },
  // x sigmoid(x): as precise as the sigmoid, and a rounding. Its denormals, of few digits, become normal numbers below -87.
  silu: { run: (x) => swiglu(x, onesLike(x)), exact: (x) => x / (1 + Math.exp(-x)), ulps: 3.5, lowest: -87 },
  erf: { run: erf, exact: exactErf, ulps: 1 },
  softplus: { run: softplus, exact: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), ulps: 2 },
  leakyRelu: { run: (x) => leakyRelu(x, 0.3), exact: (x) => (x < 0 ? Math.fround(0.3) * x : x), ulps: 0.5001 },
};

describe('element-wise functions', () => {
  onThreads((expectAsOnCpu) => {
    it.each(Object.entries(functions))(
      '%s is within its bound of the exact value, everywhere',
      (_name, { run, exact, ulps, lowest = -Infinity }) => {
        const x = tensor1d(inputs.filter((value) => !(value < lowest)));
        const values = x.dataSync();
        const y = tidy(() => run(x));
        y.dataSync().forEach((actual, i) => {
          const away = distance(actual, exact(values[i]));
          if (!(away <= ulps)) expect.fail(`of ${values[i]}: ${actual} instead of ${exact(values[i])}, ${away} ulp away`);
        });
        x.dispose();
        y.dispose();
      },
    );

    it.each([0, 1, 3, 16_385])('of %i values, on any number of threads', async (count) => {
      for (const [name, { run }] of Object.entries(functions)) {
        await expectAsOnCpu(`${name} ${count}`, () => [run(tensor1d(inputs.slice(0, count)))]);
      }
    });
  });
});

/** In float32 units in the last place of `expected`; 0 for equal values, NaN included. */
function distance(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === Math.fround(expected)) return 0;
  if (Number.isNaN(expected) && Number.isNaN(actual)) return 0;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(expected)) + 1e-12));
  return Math.abs(actual - expected) / 2 ** (exponent - 23);
}

/** Series up to 2.5, the continued fraction of the complement beyond (Abramowitz, Stegun 7.1.5, 7.1.14), to float64. */
function exactErf(x: number): number {
  const t = Math.abs(x);
  if (!(t < 2.5)) return Math.sign(x) * (1 - complement(t));
  let sum = 0;
  let term = x;
  for (let n = 0; n < 60; n++) {
    sum += term / (2 * n + 1);
    term *= -(x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function complement(t: number): number {
  if (t > 6) return Number.isNaN(t) ? t : 0;
  let fraction = 0;
  for (let n = 80; n > 0; n--) fraction = n / 2 / (t + fraction);
  return Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction);
}
