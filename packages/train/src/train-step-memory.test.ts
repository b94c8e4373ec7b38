import {
  clipByValue,
  customGrad,
  memory,
  mul,
  ones,
  type Scalar,
  scalar,
  square,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { createRng, disposeTree, flattenTree } from '@vitrail/core';
import { expectClose } from '@vitrail/testing';
import { describe, expect, test } from 'vitest';
import {
  batchesOfATest,
  bits,
  byHand,
  everything,
  type LinearProgram,
  linearRegression,
  momentum,
  numbers,
  started,
} from '../test/linear-regression.ts';
import type { TrainProgram } from './program.ts';
import { createTrainStep, disposeState, initTrainState } from './train-step.ts';

const batch = batchesOfATest();

describe('memory', () => {
  test('fifty steps hold as many tensors as one, whatever a step does', () => {
    const program: LinearProgram = {
      ...linearRegression,
      trains: (path, step) => path !== 'layer.bias' || step % 3 > 0,
      constrain: ({ layer }) => ({ 'layer.kernel': clipByValue(mul(layer.kernel, 1), -5, 5) }),
      loss: (params, carried, given, step) => {
        const result = linearRegression.loss(params, carried, given, step);
        return step % 7 === 6 ? { ...result, loss: mul(result.loss, Number.NaN) } : result;
      },
    };
    const step = createTrainStep({ program, optimizer: momentum, maximumNorm: 1 });
    const parts = [batch(0, 3), batch(3, 6)];
    let state = step(started(), parts).state;
    const before = memory().numTensors;
    for (let i = 1; i < 50; i++) {
      state = step(state, i % 2 === 0 ? parts : parts.slice(0, 1)).state;
      expect(memory().numTensors, `after step ${i}`).toBe(before);
    }
    expect(state.step).toBe(50);
    expect(state.ledger.counts.dataSync()[0]).toBe(7); // skipped
    disposeTree(everything(state));
  });

  test('the old state is disposed, and the new one is whole', () => {
    const state = started();
    const old = Object.values(flattenTree<Tensor>(everything(state)));
    const next = createTrainStep({ program: linearRegression, optimizer: momentum })(state, [batch()]).state;
    expect(old.map((leaf) => leaf.isDisposed)).toEqual(old.map(() => true));
    expect(Object.values(flattenTree<Tensor>(everything(next))).some((leaf) => leaf.isDisposed)).toBe(false);
    disposeTree(everything(next));
  });

  // A metric that is a parameter (a temperature) and a carried tensor that stays as it is are the natural way to write a program.
  test('a program may hand back what it was given', () => {
    const program: LinearProgram = {
      ...linearRegression,
      loss: (params, carried, given, step) => {
        const result = linearRegression.loss(params, carried, given, step);
        return { ...result, metrics: { center: carried.center, same: result.loss }, auxiliary: { ...carried, ...params.layer } };
      },
      carry: (carried) => carried,
      constrain: ({ layer }) => ({ 'layer.bias': layer.bias }),
    };
    const step = createTrainStep({ program, optimizer: momentum });
    const { state } = step(step(started(), [batch()]).state, [batch(0, 3), batch(3, 6)]);
    expect(numbers(state.carried)).toEqual([0]);
    const reference = createTrainStep({ program: linearRegression, optimizer: momentum });
    const same = reference(reference(started(), [batch()]).state, [batch(0, 3), batch(3, 6)]).state;
    expect(bits(state.params)).toEqual(bits(same.params));
    disposeTree(everything(state), everything(same));
  });

  test('what the tape has captured serves the backward pass and outlives it in metrics and auxiliary', async () => {
    // The inner value is saved for its own backward pass, is a metric, is auxiliary, and is made inside a tidy of the program's.
    const squareSaving = customGrad((x, save) => {
      const value = square(x as Tensor);
      (save as (tensors: Tensor[]) => void)([x as Tensor, value]);
      return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, mul(2, saved[0])) };
    });
    const program: TrainProgram<{ w: Tensor }, { last: Tensor }, number> = {
      init: () => ({ params: { w: ones([3]) }, carried: { last: ones([3]) } }),
      loss({ w }, _carried, factor) {
        const { inner, total } = tidy(() => {
          const value = squareSaving(mul(w, factor)); // (factor w)^2
          return { inner: value, total: sum<Scalar>(value) };
        });
        return { loss: total, metrics: { total }, auxiliary: { inner, w } };
      },
      carry: (_carried, _params, { inner }) => ({ last: inner as Tensor }),
    };
    const step = createTrainStep({ program, optimizer: momentum });
    const { state, read } = step(initTrainState(program.init(createRng(0)), momentum), [2, 4]);
    expect(numbers(state.carried)).toEqual([10, 10, 10]); // mean of 4 and 16
    expectClose(numbers(state.optimizer), [20, 20, 20]); // mean of 2 factor^2
    expect((await read()).metrics).toMatchObject({ loss: 30, total: 30 });
    disposeState(state);
  });

  test('a parameter that the loss does not reach has a gradient of zero', () => {
    const program: LinearProgram = {
      ...linearRegression,
      loss: ({ layer }) => ({ loss: sum<Scalar>(square(layer.kernel)), metrics: {}, auxiliary: { prediction: scalar(0) } }),
    };
    const { state } = createTrainStep({ program, optimizer: momentum })(started(), [batch()]);
    expectClose(numbers(state.optimizer), [1, -2, 0]);
    disposeTree(everything(state));
  });
});

describe('errors leave the state as it was and nothing behind', () => {
  const failing = () => {
    throw new RangeError('told to');
  };
  const nth = (n: number, program: Partial<LinearProgram>): LinearProgram => {
    let calls = 0;
    return {
      ...linearRegression,
      loss: (...args) => (++calls === n ? { ...linearRegression, ...program } : linearRegression).loss(...args),
    };
  };
  const spoiledLoss: LinearProgram['loss'] = (...args) => {
    const result = linearRegression.loss(...args);
    const spoil = customGrad((x) => ({ value: (x as Scalar).clone(), gradFunc: failing }));
    return { ...result, loss: spoil(result.loss) as Scalar };
  };
  const lateFailure: LinearProgram['loss'] = (...args) => {
    linearRegression.loss(...args);
    return failing();
  };
  const told = { message: 'told to' };

  test.each<[string, LinearProgram, object]>([
    ['the loss fails after the tape has saved tensors', nth(1, { loss: lateFailure }), told],
    ['the loss of the second micro-batch fails', nth(2, { loss: lateFailure }), told],
    ['the backward pass fails', nth(1, { loss: spoiledLoss }), told],
    ['the backward pass of the second micro-batch fails', nth(2, { loss: spoiledLoss }), told],
    ['the guard fails', { ...linearRegression, constrain: failing }, told],
    ['carry fails', { ...linearRegression, carry: failing }, told],
    [
      'the guard names what is not there',
      { ...linearRegression, constrain: ({ layer }) => ({ 'layer.scale': mul(layer.bias, 2) }) },
      { code: 'unknown-name' },
    ],
    [
      'a metric is no scalar',
      nth(1, {
        loss: (params, ...args) => ({ ...linearRegression.loss(params, ...args), metrics: { bad: params.layer.bias as never } }),
      }),
      { code: 'shape-mismatch', message: expect.stringContaining('bad') },
    ],
    [
      'a metric takes the name of the loss',
      nth(1, { loss: (...args) => ({ ...linearRegression.loss(...args), metrics: { loss: scalar(1) } }) }),
      { code: 'invalid-argument' },
    ],
    [
      'micro-batches differ in their metrics',
      nth(2, { loss: (...args) => ({ ...linearRegression.loss(...args), metrics: { other: scalar(1) } }) }),
      { code: 'shape-mismatch', message: expect.stringContaining('other') },
    ],
    [
      'micro-batches differ in their auxiliary tensors',
      nth(2, { loss: (...args) => ({ ...linearRegression.loss(...args), auxiliary: {} }) }),
      { code: 'shape-mismatch', message: expect.stringContaining('prediction') },
    ],
  ])('%s', (_, program, error) => {
    const state = started();
    const before = { numbers: bits(everything(state)), tensors: 0 };
    const parts = [batch(0, 3), batch(3, 6)];
    before.tensors = memory().numTensors;
    expect(() => createTrainStep({ program, optimizer: momentum, maximumNorm: 1 })(state, parts)).toThrow(
      expect.objectContaining(error),
    );
    expect(memory().numTensors).toBe(before.tensors);
    expect(bits(everything(state))).toEqual(before.numbers);
    // The engine is sound after it: the next step is the one it would have been.
    const next = createTrainStep({ program: linearRegression, optimizer: momentum })(state, [batch()]).state;
    expectClose(numbers(next.optimizer), byHand([0.5, -1, 0.25]).gradient);
    disposeTree(everything(next));
  });

  test('no batch', () => {
    const state = started();
    expect(() => createTrainStep({ program: linearRegression, optimizer: momentum })(state, [])).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
    disposeTree(everything(state));
  });

  test.each([0, -1, Number.NaN])('a maximum norm of %s', (maximumNorm) => {
    expect(() => createTrainStep({ program: linearRegression, optimizer: momentum, maximumNorm })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});
