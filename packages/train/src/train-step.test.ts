import {
  add,
  clipByValue,
  customGrad,
  getBackend,
  mean,
  mul,
  registerKernel,
  type Scalar,
  scalar,
  type Tensor,
  unregisterKernel,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { disposeTree } from '@vitrail/core';
import { adamw } from '@vitrail/optim';
import { expectClose, onBackend } from '@vitrail/testing';
import { describe, expect, test } from 'vitest';
import {
  batchesOfATest,
  bits,
  byHand,
  everything,
  type LinearBatch,
  type LinearCarried,
  type LinearParams,
  type LinearProgram,
  type LinearState,
  linearRegression,
  momentum,
  numbers,
  started,
} from '../test/linear-regression.ts';
import { createTrainStep, type TrainStep } from './train-step.ts';

const start = [0.5, -1, 0.25];

const batch = batchesOfATest();

/** The bits of everything that training changes. */
const learned = ({ params, carried, optimizer }: LinearState) => bits({ params, carried, optimizer });

/** Runs one step and gives what it did, in numbers; the state is disposed. */
async function stepOnce(
  step: TrainStep<LinearParams, LinearCarried, LinearBatch>,
  given: readonly LinearBatch[],
  state: LinearState = started(),
) {
  const outcome = step(state, given);
  const result = {
    ...(await outcome.read()),
    names: outcome.names,
    counted: [...outcome.counted.dataSync()],
    step: outcome.state.step,
    params: numbers(outcome.state.params),
    velocity: numbers(outcome.state.optimizer),
    center: numbers(outcome.state.carried)[0],
  };
  disposeTree(everything(outcome.state));
  return result;
}

onBackend(['cpu', 'wasm'], () => {
  test('the update is the one derived by hand, and so are the metrics and what is carried', async () => {
    const { loss, gradient, prediction } = byHand(start);
    const result = await stepOnce(createTrainStep({ program: linearRegression, optimizer: momentum }), [batch()]);
    expectClose(
      result.params,
      start.map((value, i) => 0.99 * value - 0.1 * gradient[i]),
    );
    expectClose(result.velocity, gradient);
    expectClose([result.center], [prediction]);
    expect(Object.keys(result.metrics)).toEqual(['loss', 'prediction', 'drift', 'gradientNorm']);
    expect(result.names).toEqual(Object.keys(result.metrics));
    expect(result.counted).toEqual([1, ...Object.values(result.metrics)]);
    expectClose(Object.values(result.metrics), [loss, prediction, prediction, Math.hypot(...gradient)]);
    expect(result).toMatchObject({ step: 1, skipped: 0, skippedInARow: 0, applied: true });
  });

  // Accumulation would change what is learned, not only the memory it takes.
  test.each([
    ['two', [0, 3, 6]],
    ['three', [0, 2, 4, 6]],
    ['six', [0, 1, 2, 3, 4, 5, 6]],
  ])('%s micro-batches of one size are one big batch', async (_, bounds) => {
    const step = createTrainStep({ program: linearRegression, optimizer: momentum, maximumNorm: 2 });
    const big = await stepOnce(step, [batch()]);
    const small = await stepOnce(
      step,
      bounds.slice(1).map((to, i) => batch(bounds[i], to)),
    );
    expectClose(small.params, big.params);
    expectClose(small.velocity, big.velocity);
    expectClose([small.center], [big.center]);
    expectClose(Object.values(small.metrics), Object.values(big.metrics));
  });

  // A launch for every parameter would be waited for on a GPU.
  test('gradients of micro-batches are averaged by one kernel for all of them', async () => {
    const calls: string[][] = [];
    const momenta: unknown[] = [];
    registerKernel({
      kernelName: 'VitrailEma',
      backendName: getBackend(),
      kernelFunc: ({ inputs, attrs }) => {
        calls.push(Object.keys(inputs));
        momenta.push(attrs?.momentum);
        return [0, 1].map((i) => zerosLike(inputs[`average${i}`] as Tensor));
      },
    });
    try {
      const step = createTrainStep({ program: linearRegression, optimizer: momentum });
      const { metrics } = await stepOnce(step, [batch(0, 2), batch(2, 4), batch(4, 6)]);
      expect(metrics.gradientNorm).toBe(0);
      expect(calls).toEqual([1, 2].map(() => ['average0', 'current0', 'average1', 'current1']));
      expect(momenta).toEqual([1 / 2, 2 / 3]);
    } finally {
      unregisterKernel('VitrailEma', getBackend());
    }
  });

  test('micro-batches of different sizes count the same', async () => {
    const parts = [byHand(start, 0, 1), byHand(start, 1, 6)];
    const result = await stepOnce(createTrainStep({ program: linearRegression, optimizer: momentum }), [
      batch(0, 1),
      batch(1, 6),
    ]);
    expectClose(
      result.velocity,
      [0, 1, 2].map((i) => (parts[0].gradient[i] + parts[1].gradient[i]) / 2),
    );
    expectClose([result.metrics.loss], [(parts[0].loss + parts[1].loss) / 2]);
  });
});

test('what is carried is made of the updated parameters, guard included, and the step', async () => {
  const program: LinearProgram = {
    ...linearRegression,
    constrain: ({ layer }) => ({ 'layer.kernel': clipByValue(layer.kernel, 7, 8) }),
    // Leaves intermediate tensors to the step.
    carry: (_carried, { layer }, _auxiliary, step) => ({ center: mul<Scalar>(add(mean(layer.kernel), 1), step + 2) }),
  };
  const result = await stepOnce(createTrainStep({ program, optimizer: momentum }), [batch()], { ...started(), step: 3 });
  expect(result.center).toBe((7 + 1) * (3 + 2));
});

test('gradients are clipped to the global norm, and the norm before is reported', async () => {
  const { gradient } = byHand(start);
  const norm = Math.hypot(...gradient);
  const clipped = await stepOnce(createTrainStep({ program: linearRegression, optimizer: momentum, maximumNorm: norm / 4 }), [
    batch(),
  ]);
  expectClose(
    clipped.velocity,
    gradient.map((value) => value / 4),
  );
  expectClose([clipped.metrics.gradientNorm], [norm]);
});

describe('parameters that do not train', () => {
  const frozenBias: LinearProgram = { ...linearRegression, trains: (path, step) => path !== 'layer.bias' || step >= 3 };

  test.each([
    ['gradient descent with momentum and decay', momentum],
    ['AdamW', adamw({ learningRate: 0.1, weightDecay: 0.5, decays: () => true })],
  ])('keep their bits and those of their moments under %s, then train', async (_, optimizer) => {
    const step = createTrainStep({ program: frozenBias, optimizer, maximumNorm: 1 });
    let state = started(optimizer);
    const before = learned(state);
    const isBias = (path: string) => path.endsWith('bias');
    for (let i = 0; i < 3; i++) {
      state = step(state, [batch()]).state;
      const now = learned(state);
      for (const path of Object.keys(before).filter((name) => !name.startsWith('carried'))) {
        if (isBias(path)) expect(now[path], path).toEqual(before[path]);
        else expect(now[path], path).not.toEqual(before[path]);
      }
      expect(Object.keys(now)).toEqual(Object.keys(before));
    }
    state = step(state, [batch()]).state;
    const now = learned(state);
    for (const path of Object.keys(before)) expect(now[path], path).not.toEqual(before[path]);
    disposeTree(everything(state));
  });

  test('what was learned before stays through a freeze: parameters and moments', async () => {
    const step = createTrainStep({
      program: { ...linearRegression, trains: (path, at) => path !== 'layer.bias' || at !== 1 },
      optimizer: momentum,
    });
    const first = step(started(), [batch()]).state;
    const before = bits({ params: first.params, optimizer: first.optimizer });
    const second = step(first, [batch()]).state;
    expect(bits({ params: second.params, optimizer: second.optimizer })).toMatchObject({
      'params.layer.bias': before['params.layer.bias'],
      'optimizer.velocity.layer.bias': before['optimizer.velocity.layer.bias'],
    });
    disposeTree(everything(second));
  });

  test('have no part in the gradient norm, and are not touched by the guard', async () => {
    const { gradient } = byHand(start);
    const constrain: LinearProgram['constrain'] = ({ layer }) => ({
      'layer.bias': clipByValue(layer.bias, 7, 8),
      'layer.kernel': clipByValue(layer.kernel, 7, 8),
    });
    const result = await stepOnce(createTrainStep({ program: { ...frozenBias, constrain }, optimizer: momentum }), [batch()]);
    expectClose([result.metrics.gradientNorm], [Math.hypot(gradient[0], gradient[1])]);
    expect(result.params).toEqual([7, 7, 0.25]);
  });

  test('all of them: an error, since nothing would be learned', async () => {
    const state = started();
    const step = createTrainStep({ program: { ...linearRegression, trains: () => false }, optimizer: momentum });
    expect(() => step(state, [batch()])).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    disposeTree(everything(state));
  });
});

describe('numbers that are not finite', () => {
  const scaledLoss = (factor: number): LinearProgram => ({
    ...linearRegression,
    loss: (...args) => {
      const result = linearRegression.loss(...args);
      return { ...result, loss: mul(result.loss, factor) };
    },
  });

  test.each([
    ['a loss that is NaN', scaledLoss(Number.NaN)],
    [
      'a loss that is infinite with a finite gradient',
      {
        ...linearRegression,
        loss: (...args: Parameters<LinearProgram['loss']>) => {
          const result = linearRegression.loss(...args);
          return { ...result, loss: add<Scalar>(result.loss, Number.POSITIVE_INFINITY) };
        },
      },
    ],
    ['a loss that overflows', scaledLoss(3e38)],
    [
      'a finite loss with a gradient that is NaN',
      {
        ...linearRegression,
        loss: (...args: Parameters<LinearProgram['loss']>) => {
          const result = linearRegression.loss(...args);
          const spoil = customGrad((x) => ({ value: (x as Scalar).clone(), gradFunc: (dy: Scalar) => mul(dy, Number.NaN) }));
          return { ...result, loss: spoil(result.loss) as Scalar };
        },
      },
    ],
  ])('%s: nothing changes but step and skipped', async (_, program) => {
    const step = createTrainStep({ program, optimizer: momentum, maximumNorm: 1 });
    const state = step(createTrainStep({ program: linearRegression, optimizer: momentum })(started(), [batch()]).state, [
      batch(),
    ]);
    const reference = createTrainStep({ program: linearRegression, optimizer: momentum })(started(), [batch()]).state;
    expect(learned(state.state)).toEqual(learned(reference));
    expect(state.state.step).toBe(2);
    const read = await state.read();
    expect(read).toMatchObject({ applied: false, skipped: 1, skippedInARow: 1 });
    expect([read.metrics.loss, read.metrics.gradientNorm].every(Number.isFinite)).toBe(false);
    expect([...state.counted.dataSync()]).toEqual([0, 0, 0, 0, 0]);
    disposeTree(everything(state.state), everything(reference));
  });

  test('in one of two micro-batches are enough', async () => {
    let calls = 0;
    const program: LinearProgram = {
      ...linearRegression,
      loss: (...args) => (calls++ === 0 ? linearRegression : scaledLoss(Number.NaN)).loss(...args),
    };
    const result = await stepOnce(createTrainStep({ program, optimizer: momentum }), [batch(0, 3), batch(3, 6)]);
    expect(result.applied).toBe(false);
    expect(result.params).toEqual(start);
  });

  test('in a metric that is only logged do not matter', async () => {
    const program: LinearProgram = {
      ...linearRegression,
      loss: (...args) => ({ ...linearRegression.loss(...args), metrics: { odd: scalar(Number.NaN) } }),
    };
    const result = await stepOnce(createTrainStep({ program, optimizer: momentum }), [batch()]);
    expect(result.applied).toBe(true);
    expect(result.metrics.odd).toBeNaN();
  });
});
