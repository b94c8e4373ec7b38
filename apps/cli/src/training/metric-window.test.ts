import { type Tensor1D, tensor1d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { type MetricSums, type MetricWindow, metricMeans, openMetricWindow } from './metric-window.ts';

const names = ['loss', 'norm'];

/** Adds steps of these numbers, or one that was left out. */
function addSteps(window: MetricWindow, ...steps: (number[] | 'left out')[]): void {
  for (const step of steps) {
    const counted: Tensor1D = step === 'left out' ? tensor1d([0, 0, 0]) : tensor1d([1, ...step]);
    window.add(names, counted);
    counted.dispose();
  }
}

it('gives the mean over the steps since it was cleared, without those that were left out', async () => {
  const window = openMetricWindow();
  addSteps(window, [100, 100]);
  window.clear();
  expect(await window.read()).toEqual({ steps: 0, sums: {} });
  addSteps(window, 'left out', [3, 1], 'left out', [5, 2]);
  expect(metricMeans(await window.read())).toEqual({ loss: 4, norm: 1.5 });
  window.clear();
});

it('of steps that were all left out has no sums', async () => {
  const window = openMetricWindow();
  addSteps(window, 'left out', 'left out');
  expect(await window.read()).toEqual({ steps: 0, sums: {} });
  window.clear();
});

it('is the same after it went through a file', async () => {
  const whole = openMetricWindow();
  addSteps(whole, [0.1, 1], [0.2, 2]);
  const kept = JSON.parse(JSON.stringify(await whole.read())) as MetricSums;
  const resumed = openMetricWindow(kept);
  for (const window of [whole, resumed]) addSteps(window, [1 / 3, 3]);
  expect(await resumed.read()).toEqual(await whole.read());
  for (const window of [whole, resumed]) window.clear();
});

it('takes the same metrics at every step', () => {
  const window = openMetricWindow();
  addSteps(window, [1, 2]);
  const counted: Tensor1D = tensor1d([1, 1]);
  expect(() => window.add(['loss'], counted)).toThrow('but loss,norm became loss');
  counted.dispose();
  window.clear();
});
