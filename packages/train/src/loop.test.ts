import { mul, type Tensor, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { createRng, flattenTree } from '@vitrail/core';
import { describe, expect, test } from 'vitest';
import {
  batchOf,
  type LinearBatch,
  type LinearCarried,
  type LinearParams,
  linearRegression,
  momentum,
  release,
} from '../test/linear-regression.ts';
import { runLoop } from './loop.ts';
import { nonFiniteGuard } from './non-finite-guard.ts';
import type { TrainState } from './program.ts';
import { createTrainStep, disposeState, initTrainState } from './train-step.ts';

type State = TrainState<LinearParams, LinearCarried>;
type LoopOptions = Parameters<typeof runLoop<LinearParams, LinearCarried, LinearBatch>>[0];

const trainStep = createTrainStep({ program: linearRegression, optimizer: momentum });
const started = (): State => initTrainState(linearRegression.init(createRng(0)), momentum);

/** A loop of five steps over two micro-batches each. A tensor that it, or an error, leaves behind fails the test. */
function loop({ state = started(), ...options }: Partial<LoopOptions> = {}) {
  return runLoop<LinearParams, LinearCarried, LinearBatch>({
    state,
    steps: 5,
    trainStep,
    nextBatches: async () => [batchOf(0, 3), batchOf(3, 6)],
    release,
    afterStep: async () => {},
    guard: nonFiniteGuard({ maximumRun: 3 }),
    ...options,
  });
}

test('runs the steps that are left, reports each, and gives the state to the caller', async () => {
  const reports: { step: number; names: string[]; applied: boolean; seconds: number }[] = [];
  const { state, status } = await loop({
    state: { ...started(), step: 2 },
    afterStep: async ({ state: { step }, names, numbers, seconds }) => {
      expect(Object.keys(numbers?.metrics ?? {})).toEqual(names);
      reports.push({ step, names: [...names], applied: numbers?.applied ?? false, seconds });
    },
  });
  expect({ status, step: state.step }).toEqual({ status: 'completed', step: 5 });
  expect(reports.map(({ step }) => step)).toEqual([3, 4, 5]);
  expect(reports[0]).toMatchObject({ names: ['loss', 'prediction', 'drift', 'gradientNorm'], applied: true });
  expect(reports.every(({ seconds }) => seconds > 0)).toBe(true);
  disposeState(state);
});

test('stops after as many updates in a row as may be left out, though none of these steps is one that it is told to read', async () => {
  const read: number[] = [];
  let steps = 0;
  const spoiled = () => ({ x: tensor2d([[Number.NaN, 0]]), y: tensor1d([0]) });
  const run = loop({
    steps: 40,
    reads: (step) => step === 1 || step === 5,
    nextBatches: async () => [steps >= 6 ? spoiled() : batchOf(0, 3)],
    guard: nonFiniteGuard({ maximumRun: 4 }),
    afterStep: async ({ state: { step }, numbers }) => {
      steps = step;
      if (numbers !== undefined) read.push(step);
    },
  });
  await expect(run).rejects.toThrow(/at step 10: the last 4 updates/);
  expect(read).toEqual([1, 5, 9]);
});

test('reads the steps that it is told to read, and the guard looks at these', async () => {
  const read: boolean[] = [];
  const checked: number[] = [];
  const { state } = await loop({
    reads: (step) => step % 2 === 0,
    guard: { maximumRun: 5, check: (step) => checked.push(step) },
    afterStep: async ({ numbers }) => void read.push(numbers !== undefined),
  });
  expect(read).toEqual([false, true, false, true, false]);
  expect(checked).toEqual([2, 4]);
  disposeState(state);
});

test('a run that is done does nothing', async () => {
  const never = async () => expect.fail('no step is left');
  const { state, status } = await loop({ state: { ...started(), step: 5 }, nextBatches: never });
  expect({ status, step: state.step }).toEqual({ status: 'completed', step: 5 });
  disposeState(state);
});

describe('the signal', () => {
  test.each(['nextBatches', 'afterStep'] as const)(
    'aborted in %s: the step is finished, the state is the caller’s',
    async (where) => {
      const controller = new AbortController();
      let count = 0;
      const abortAtTwo = () => {
        if (++count === 2) controller.abort();
      };
      const { state, status } = await loop({
        signal: controller.signal,
        nextBatches: async () => {
          if (where === 'nextBatches') abortAtTwo();
          return [batchOf()];
        },
        afterStep: async () => {
          if (where === 'afterStep') abortAtTwo();
        },
      });
      expect({ status, step: state.step }).toEqual({ status: 'interrupted', step: 2 });
      disposeState(state);
    },
  );

  test('aborted in the last step: the run is complete', async () => {
    const controller = new AbortController();
    const { state, status } = await loop({
      signal: controller.signal,
      afterStep: async ({ state: { step } }) => {
        if (step === 5) controller.abort();
      },
    });
    expect(status).toBe('completed');
    disposeState(state);
  });

  // Ctrl-C would be seen only at the end of a run whose data come without waiting.
  test('is heard though nothing in the loop waits for anything', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const { state, status } = await loop({ steps: 10_000, signal: controller.signal });
    expect(status).toBe('interrupted');
    disposeState(state);
  });
});

describe('errors dispose the state and release the batches', () => {
  const fail = () => {
    throw new RangeError('told to');
  };
  const failAt = (step: number) => {
    let count = 0;
    return () => {
      if (++count === step) fail();
    };
  };

  test.each<[string, () => Partial<LoopOptions>]>([
    [
      'nextBatches fails',
      () => {
        const maybe = failAt(3);
        return {
          nextBatches: async () => {
            maybe();
            return [batchOf()];
          },
        };
      },
    ],
    [
      'the step fails',
      () => {
        const maybe = failAt(3);
        return {
          trainStep: (state, batches) => {
            maybe();
            return trainStep(state, batches);
          },
        };
      },
    ],
    [
      'afterStep fails',
      () => {
        const maybe = failAt(3);
        return { afterStep: async () => maybe() };
      },
    ],
    ['the guard fails', () => ({ guard: { maximumRun: 3, check: failAt(3) } })],
  ])('%s', async (_, options) => {
    const state = started();
    const seen: LinearBatch[] = [];
    const { step, ...trees } = state;
    const leaves = Object.values(flattenTree<Tensor>(trees));
    expect(step).toBe(0);
    const given = options();
    await expect(
      loop({
        ...given,
        state,
        nextBatches: async () => {
          const batches = given.nextBatches ? await given.nextBatches() : [batchOf(0, 3), batchOf(3, 6)];
          seen.push(...batches);
          return batches;
        },
      }),
    ).rejects.toThrow('told to');
    expect(leaves.every((leaf) => leaf.isDisposed)).toBe(true);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every(({ x, y }) => x.isDisposed && y.isDisposed)).toBe(true);
  });

  test('more steps done than asked for', async () => {
    await expect(loop({ state: { ...started(), step: 6 } })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringMatching(/6 steps.*5/) }),
    );
  });

  test('too many updates in a row left out: steps are counted as logs count them', async () => {
    const broken = {
      ...linearRegression,
      loss: (...args: Parameters<typeof linearRegression.loss>) => {
        const result = linearRegression.loss(...args);
        return args[3] < 1 ? result : { ...result, loss: mul(result.loss, Number.NaN) };
      },
    } as typeof linearRegression;
    await expect(loop({ trainStep: createTrainStep({ program: broken, optimizer: momentum }) })).rejects.toThrow(
      expect.objectContaining({ code: 'non-finite', message: expect.stringMatching(/step 4.*loss \(NaN from step 2 on\)/s) }),
    );
  });

  test.each<[string, (until: Promise<never>) => Partial<LoopOptions>]>([
    ['while batches are waited for', (never) => ({ nextBatches: () => never })],
    ['while something goes on after a step', (never) => ({ afterStep: () => never })],
    ['and what is asked of it fails', () => ({ afterStep: async () => fail() })],
  ])('the device is lost %s: the reason is that it was lost', async (_, options) => {
    const never = new Promise<never>(() => {});
    const lost = new Promise<string>((resolve) => setTimeout(() => resolve('the driver crashed'), 20));
    await expect(loop({ ...options(never), lost })).rejects.toThrow(
      expect.objectContaining({ code: 'unavailable', message: 'the GPU device was lost: the driver crashed' }),
    );
  });

  test('what fails while the device is there is told as it is', async () => {
    const lost = new Promise<string>(() => {});
    await expect(loop({ afterStep: async () => fail(), lost })).rejects.toThrow('told to');
  });
});
