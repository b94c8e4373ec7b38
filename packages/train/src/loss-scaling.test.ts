import { mul, type Scalar, tensor1d } from '@tensorflow/tfjs-core';
import { expectClose } from '@vitrail/testing';
import { expect, test } from 'vitest';
import {
  batchesOfATest,
  bits,
  byHand,
  type LinearProgram,
  type LinearState,
  linearRegression,
  momentum,
  numbers,
  started,
} from '../test/linear-regression.ts';
import { createTrainStep, disposeState } from './train-step.ts';

const batch = batchesOfATest();

const times = (factor: number): LinearProgram => ({
  ...linearRegression,
  loss: (...args) => {
    const result = linearRegression.loss(...args);
    return { ...result, loss: mul<Scalar>(result.loss, factor) };
  },
});

const learned = ({ params, carried, optimizer }: LinearState) => bits({ params, carried, optimizer });

test('changes nothing but what lies under the numbers: a scale is a power of two', async () => {
  const options = { program: linearRegression, optimizer: momentum, maximumNorm: 2 };
  const [plain, scaled] = [createTrainStep(options), createTrainStep({ ...options, lossScaling: true })];
  const [expected, outcome] = [plain, scaled].map((step) => step(step(started(), [batch()]).state, [batch(0, 3), batch(3, 6)]));
  expect(learned(outcome.state)).toEqual(learned(expected.state));
  const [read, unscaled] = [await outcome.read(), await expected.read()];
  expect(read).toEqual({ ...unscaled, lossScale: 65_536 });
  for (const { state } of [expected, outcome]) disposeState(state);
});

test('halves the scale until the gradient of the scaled loss no longer overflows, and counts the steps left out', async () => {
  const { gradient, loss } = byHand([0.5, -1, 0.25]);
  const norm = Math.hypot(...gradient);
  // The norm overflows above the root of the largest float32, 1.84e19: times 2^14, not times 2^13.
  const factor = 1.844e19 / 2 ** 13.5 / norm;
  const step = createTrainStep({ program: times(factor), optimizer: momentum, maximumNorm: 1, lossScaling: true });
  let state = started();
  const before = learned(state);
  const scales: number[] = [];
  for (const [i, scale] of [2 ** 15, 2 ** 14, 2 ** 13].entries()) {
    const outcome = step(state, [batch()]);
    state = outcome.state;
    const read = await outcome.read();
    expect(read).toMatchObject({ applied: false, skipped: i + 1, skippedInARow: i + 1 });
    expectClose([read.metrics.loss / (loss * factor)], [1]); // The loss itself is not scaled, and finite.
    expect(read.metrics.gradientNorm).toBe(Number.POSITIVE_INFINITY);
    expect(learned(state)).toEqual(before);
    scales.push(read.lossScale);
    expect(read.lossScale).toBe(scale);
  }
  const outcome = step(state, [batch()]);
  const read = await outcome.read();
  expect(read).toMatchObject({ applied: true, skipped: 3, skippedInARow: 0, lossScale: 2 ** 13 });
  expectClose([read.metrics.gradientNorm / (norm * factor)], [1]);
  expectClose(
    numbers(outcome.state.optimizer),
    gradient.map((value) => value / norm),
  );
  disposeState(outcome.state);
});

test('without it the same loss is taken as it is', async () => {
  const step = createTrainStep({ program: times(1e15), optimizer: momentum, maximumNorm: 1 });
  const outcome = step(started(), [batch()]);
  expect((await outcome.read()).applied).toBe(true);
  disposeState(outcome.state);
});

test('doubles the scale after 2,000 good steps in a row, also when a checkpoint lies between them', async () => {
  const step = createTrainStep({ program: linearRegression, optimizer: momentum, lossScaling: true });
  const { ledger, ...fresh } = started();
  ledger.counts.dispose();
  let state: LinearState = { ...fresh, ledger: { counts: tensor1d([5, 0, 8, 1998]) } };
  const scales: number[] = [];
  for (let i = 0; i < 3; i++) {
    const outcome = step(state, [batch()]);
    state = outcome.state;
    const { lossScale, skipped } = await outcome.read();
    scales.push(lossScale);
    expect(skipped).toBe(5);
  }
  expect(scales).toEqual([8, 16, 16]);
  expect(numbers({ counts: state.ledger.counts })).toEqual([5, 0, 16, 1]);
  disposeState(state);
});
