import {
  add,
  matMul,
  mean,
  mul,
  type Scalar,
  scalar,
  square,
  squeeze,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { createRng, flattenTree, mapTree, type TensorTree, zipTrees } from '@vitrail/core';
import type { Optimizer } from '@vitrail/optim';
import { afterEach } from 'vitest';
import { initTrainState, type TrainProgram, type TrainState } from '../src/index.ts';

/** `kernel` `[2, 1]` and `bias` `[1]` of a linear model. */
export type LinearParams = { layer: { kernel: Tensor2D; bias: Tensor1D } };
/** Carried: the mean prediction of the last batches. */
export type LinearCarried = { center: Scalar };
/** `x` `[n, 2]` and `y` `[n]`. */
export type LinearBatch = { x: Tensor2D; y: Tensor1D };

/** `mean((x kernel + bias - y)^2)`: the smallest program with everything that a program has. */
export const linearRegression: TrainProgram<LinearParams, LinearCarried, LinearBatch> = {
  init: () => ({
    params: { layer: { kernel: tensor2d([0.5, -1], [2, 1]), bias: tensor1d([0.25]) } },
    carried: { center: scalar(0) },
  }),
  loss({ layer }, { center }, { x, y }) {
    const predicted = add(squeeze<Tensor1D>(matMul(x, layer.kernel), [1]), layer.bias); // [n]
    const prediction = mean<Scalar>(predicted);
    return {
      loss: mean<Scalar>(square(sub(predicted, y))),
      metrics: { prediction, drift: sub(prediction, center) },
      auxiliary: { prediction },
    };
  },
  carry: (_carried, _params, auxiliary) => ({ center: auxiliary.prediction as Scalar }),
};

/** Examples `(x, y)` with `y = 2 x0 - x1 + 0.5`, bent a little. */
export const examples = {
  x: [
    [1, 2],
    [-1, 0.5],
    [0, -2],
    [3, 1],
    [0.5, 0.5],
    [-2, 1],
  ],
  y: [0.7, -1.8, 2.4, 5.7, 1.1, -4.3],
};

/** A batch of the examples `from` up to `to`. */
export function batchOf(from = 0, to = examples.y.length): LinearBatch {
  return { x: tensor2d(examples.x.slice(from, to)), y: tensor1d(examples.y.slice(from, to)) };
}

export function release({ x, y }: LinearBatch): void {
  x.dispose();
  y.dispose();
}

/** Loss, gradient and mean prediction in plain numbers, as derived by hand: `d/dw = 2/n sum r x`, `d/db = 2/n sum r`. */
export function byHand([w0, w1, b]: readonly number[], from = 0, to = examples.y.length) {
  const xs = examples.x.slice(from, to);
  const residuals = xs.map(([x0, x1], i) => w0 * x0 + w1 * x1 + b - examples.y[from + i]);
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / xs.length;
  return {
    loss: average(residuals.map((r) => r * r)),
    gradient: [
      2 * average(residuals.map((r, i) => r * xs[i][0])),
      2 * average(residuals.map((r, i) => r * xs[i][1])),
      2 * average(residuals),
    ],
    prediction: average(xs.map(([x0, x1]) => w0 * x0 + w1 * x1 + b)),
  };
}

/** Gradient descent with momentum 0.9 and decoupled decay 0.1, at rate 0.1: the least optimiser with a state and a decay. */
export const momentum: Optimizer = {
  init: (params) => ({ velocity: mapTree(params, (param) => zerosLike(param)) }),
  update(grads, state, params, _step, gradientScale) {
    const velocity = zipTrees(
      ([old, grad]) => {
        const parts = [mul(old, 0.9), mul(grad, gradientScale ?? 1)];
        const next = add(parts[0], parts[1]);
        for (const part of parts) part.dispose();
        return next;
      },
      state.velocity as TensorTree,
      grads,
    );
    const updated = zipTrees(
      ([param, v]) => {
        const parts = [mul(param, 0.99), mul(v, 0.1)];
        const next = sub(parts[0], parts[1]);
        for (const part of parts) part.dispose();
        return next;
      },
      params,
      velocity,
    );
    return { params: updated, state: { velocity } };
  },
};

export type LinearState = TrainState<LinearParams, LinearCarried>;
export type LinearProgram = TrainProgram<LinearParams, LinearCarried, LinearBatch>;

/** A state at step 0: kernel (0.5, -1), bias 0.25. */
export function started(optimizer: Optimizer = momentum): LinearState {
  return initTrainState(linearRegression.init(createRng(0)), optimizer);
}

/** All tensors of a state. */
export function everything({ params, carried, optimizer, ledger }: TrainState): TensorTree {
  return { params, carried, optimizer, ledger };
}

/** The numbers of every leaf, exactly, by path. */
export function bits(tree: TensorTree): Record<string, number[]> {
  const leaves = Object.entries(flattenTree<Tensor>(tree));
  return Object.fromEntries(leaves.map(([path, leaf]) => [path, [...leaf.dataSync()]]));
}

/** The numbers of all leaves, one after the other. */
export function numbers(tree: TensorTree): number[] {
  return Object.values(bits(tree)).flat();
}

/** A maker of batches that are released after the test that makes them. */
export function batchesOfATest(): typeof batchOf {
  let batches: LinearBatch[] = [];
  afterEach(() => {
    for (const made of batches) release(made);
    batches = [];
  });
  return (from, to) => {
    const made = batchOf(from, to);
    batches.push(made);
    return made;
  };
}
