import {
  getBackend,
  memory,
  ones,
  scalar,
  setBackend,
  sub,
  type Tensor,
  tensor,
  tensor1d,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, mapTree, type TensorTree, unflattenTree, zipTrees } from '@vitrail/core';
import { expectClose, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it, vi } from 'vitest';
import { adafactor } from './adafactor.ts';
import { adamw } from './adamw.ts';
import { lamb } from './lamb.ts';
import type { Optimizer, OptimizerOptions } from './optimizer.ts';

/** What every optimiser promises, whatever its arithmetic. */
const family: Readonly<Record<string, (options: OptimizerOptions) => Optimizer>> = {
  adamw,
  lamb: (options) => lamb({ weightDecay: 0, ...options }),
  adafactor,
  'adafactor, scaled by parameter': (options) => adafactor({ scaleByParameter: true, ...options }),
};

/** Ranks 0 to 3, and names that decay and that do not. */
function makeParams(seed = 1): TensorTree {
  return {
    image: {
      patchEmbed: { kernel: sampleTensor([6, 4], seed), bias: sampleTensor([4], seed + 1) },
      position: sampleTensor([2, 2, 4], seed + 2),
      blocks: { 0: { norm: { scale: sampleTensor([4], seed + 3) } }, 10: { kernel: sampleTensor([4, 4], seed + 4) } },
      stack: sampleTensor([2, 3, 2], seed + 5),
    },
    logitScale: sampleTensor([], seed + 6),
  };
}

const valuesOf = (tree: TensorTree) => Object.values(flattenTree<Tensor>(tree)).map((leaf) => [...leaf.dataSync()]);

/** Several steps on gradients that depend on the step; disposes everything but what it returns. */
function run(
  optimizer: Optimizer,
  steps: number,
  gradsAt: (params: TensorTree, step: number) => TensorTree,
  params: TensorTree = makeParams(),
) {
  let state = optimizer.init(params);
  for (let step = 0; step < steps; step++) {
    const grads = gradsAt(params, step);
    const updated = optimizer.update(grads, state, params, step);
    disposeTree(grads, params, state);
    ({ params, state } = updated);
  }
  return { params, state };
}

describe.each(Object.entries(family))('%s', (_name, make) => {
  onBackend(['cpu', 'wasm'], () => {
    it('descends a quadratic to its minimum', () => {
      const small = (seed: number) => ({ kernel: sampleTensor([3, 4], seed), bias: sampleTensor([4], seed + 1) });
      const target = small(20);
      const optimizer = make({ learningRate: (step) => 0.2 * 0.985 ** step });
      const pull = (params: TensorTree) => zipTrees(([p, goal]) => sub(p, goal), params, target);
      const { params, state } = run(optimizer, 500, pull, small(1));
      const goals = valuesOf(target);
      valuesOf(params).forEach((values, i) => {
        expectClose(values, goals[i], 2e-3);
      });
      disposeTree(target, params, state);
    });

    it('changes nothing at a zero gradient without decay, nor at a rate of 0', () => {
      const unchanged = makeParams();
      const still = run(make({ learningRate: 0.1 }), 3, (params) => mapTree(params, (leaf) => zerosLike(leaf)));
      const frozen = run(make({ learningRate: 0, weightDecay: 0.5 }), 3, (_, step) => makeParams(step + 7));
      expect(valuesOf(still.params)).toEqual(valuesOf(unchanged));
      expect(valuesOf(frozen.params)).toEqual(valuesOf(unchanged));
      disposeTree(unchanged, still, frozen);
    });

    it('shrinks by the decay what decays and nothing else', () => {
      const before = makeParams();
      const optimizer = make({ learningRate: 0.1, weightDecay: 0.5 });
      const { params, state } = run(optimizer, 1, (params) => mapTree(params, (leaf) => zerosLike(leaf)));
      const after = flattenTree<Tensor>(params);
      const shrunk = Object.entries(flattenTree<Tensor>(before)).filter(([path, leaf]) => {
        const [old, now] = [leaf.dataSync(), after[path].dataSync()];
        const same = old.every((value, i) => value === now[i]);
        if (!same) expect(now.every((value, i) => Math.abs(value) < Math.abs(old[i]))).toBe(true);
        return !same;
      });
      expect(shrunk.map(([path]) => path)).toEqual(['image.patchEmbed.kernel', 'image.blocks.10.kernel', 'image.stack']);
      disposeTree(before, params, state);
    });

    it('asks `decays` and `rateScale` about every path', () => {
      const decayed: string[] = [];
      const optimizer = make({
        learningRate: 0.1,
        weightDecay: 0.5,
        decays: (path, param) => {
          decayed.push(`${path} ${param.shape}`);
          return true;
        },
        rateScale: (path) => (path === 'image.stack' ? 0 : 1),
      });
      const { params, state } = run(optimizer, 1, () => makeParams(4));
      const before = makeParams();
      const moved = Object.keys(flattenTree(before)).filter((path) => {
        const [old, now] = [before, params].map((tree) => flattenTree<Tensor>(tree)[path].dataSync());
        return old.some((value, i) => value !== now[i]);
      });
      expect(decayed).toHaveLength(7);
      expect(decayed).toContain('image.position 2,2,4');
      expect(moved).toEqual(Object.keys(flattenTree(before)).filter((path) => path !== 'image.stack'));
      disposeTree(before, params, state);
    });

    it('goes on from a state that went through a flat file, as if nothing had happened', () => {
      const optimizer = make({ learningRate: 0.05, weightDecay: 0.1 });
      const reload = (tree: TensorTree): TensorTree =>
        unflattenTree(
          Object.fromEntries(
            Object.entries(flattenTree<Tensor>(tree)).map(([path, leaf]) => {
              expect(leaf.dtype).toBe('float32');
              return [path, tensor(leaf.dataSync().slice(), leaf.shape)];
            }),
          ),
        );
      let params = makeParams();
      let state = optimizer.init(params);
      for (let step = 0; step < 4; step++) {
        const saved = reload({ params, state }) as { params: TensorTree; state: TensorTree };
        disposeTree(params, state);
        // A second instance: whatever an optimiser kept to itself would be gone.
        const grads = makeParams(step + 30);
        const resumed = make({ learningRate: 0.05, weightDecay: 0.1 }).update(grads, saved.state, saved.params, step);
        disposeTree(grads, saved);
        ({ params, state } = resumed);
      }
      const straight = run(optimizer, 4, (_, step) => makeParams(step + 30));
      expect(Object.keys(flattenTree(state))).toEqual(Object.keys(flattenTree(straight.state)));
      expect(valuesOf({ params, state })).toEqual(valuesOf(straight));
      disposeTree(params, state, straight);
    });

    it('keeps the order of the paths, disposes nothing it is given, shares nothing and leaks nothing', () => {
      const optimizer = make({ learningRate: 0.05, weightDecay: 0.1 });
      const params = makeParams();
      const grads = makeParams(2);
      const state = optimizer.init(params);
      const inputs = Object.values(flattenTree<Tensor>({ params, grads, state }));
      const values = valuesOf({ params, grads, state });
      const before = memory().numTensors;
      const updated = optimizer.update(grads, state, params, 0);
      const outputs = Object.values(flattenTree<Tensor>(updated));
      expect(memory().numTensors - before).toBe(outputs.length);
      expect(new Set([...inputs, ...outputs]).size).toBe(inputs.length + outputs.length);
      expect(valuesOf({ params, grads, state })).toEqual(values);
      expect(Object.keys(flattenTree(updated.params))).toEqual(Object.keys(flattenTree(params)));
      expect(Object.keys(flattenTree(updated.state))).toEqual(Object.keys(flattenTree(state)));
      disposeTree(params, grads, state);
      expect(outputs.some((leaf) => leaf.isDisposed)).toBe(false);
      disposeTree(updated);
    });

    it('reads nothing back from the device', () => {
      const optimizer = make({ learningRate: 0.05, weightDecay: 0.1 });
      const params = makeParams();
      const state = optimizer.init(params);
      const reads = vi.spyOn(Object.getPrototypeOf(Object.values(flattenTree<Tensor>(params))[0]), 'dataSync');
      const updated = optimizer.update(params, state, params, 0);
      expect(reads).not.toHaveBeenCalled();
      reads.mockRestore();
      disposeTree(params, state, updated);
    });
  });

  it('computes the same on wasm as on cpu', async () => {
    const results: number[][][] = [];
    for (const backend of ['cpu', 'wasm']) {
      await setBackend(backend);
      expect(getBackend()).toBe(backend);
      const end = run(make({ learningRate: 0.05, weightDecay: 0.1 }), 5, (_, step) => makeParams(step + 30));
      results.push(valuesOf(end));
      disposeTree(end);
    }
    await setBackend('cpu');
    results[0].forEach((values, i) => {
      expectClose(results[1][i], values, 1e-5);
    });
  });

  it('takes a schedule, and asks it for the step', () => {
    const asked: number[] = [];
    const schedule = (step: number) => {
      asked.push(step);
      return 0.1;
    };
    const scheduled = run(make({ learningRate: schedule }), 3, (_, step) => makeParams(step + 30));
    const fixed = run(make({ learningRate: 0.1 }), 3, (_, step) => makeParams(step + 30));
    expect(asked).toEqual([0, 1, 2]);
    expect(valuesOf(scheduled)).toEqual(valuesOf(fixed));
    disposeTree(scheduled, fixed);
  });

  it('says which tensors do not fit, before it makes any', () => {
    const optimizer = make({ learningRate: 0.1 });
    const params = { a: { kernel: ones([2, 3]) }, b: ones([3]) };
    const state = optimizer.init(params);
    const other = { a: { kernel: ones([3, 2]) }, b: ones([3]), c: zeros([1]), d: tensor1d([1, 2, 3], 'int32') };
    const { a, b, c, d } = other;
    const update =
      (grads: TensorTree, withState = state, step = 0) =>
      () =>
        optimizer.update(grads, withState, params, step);
    const before = memory().numTensors;
    expect(update({ a: params.a, c })).toThrow('the gradients do not belong to these parameters. Missing: b. Unexpected: c.');
    expect(update({ a, b })).toThrow('in the gradients, "a.kernel" has the shape [2, 3], but [3, 2] came');
    expect(update({ a: params.a, b: d })).toThrow('tensors are float32, but "b" is int32');
    expect(update(params, {})).toThrow('the tensors of the state do not belong to these parameters. Missing: ');
    expect(update(params, state, -1)).toThrow('step is a whole number of at least 0, but -1 came');
    expect(update(params, state, 0.5)).toThrow('step is a whole number');
    expect(() => optimizer.init({ d })).toThrow('tensors are float32, but "d" is int32');
    expect(memory().numTensors).toBe(before);
    disposeTree(params, state, other);
  });

  it('refuses rates and decays that cannot be', () => {
    const value = { a: scalar(1) };
    expect(() => make({ learningRate: -1 })).toThrow('learningRate is a number of at least 0, but -1 came');
    expect(() => make({ learningRate: Number.NaN })).toThrow('learningRate');
    expect(() => make({ learningRate: 1, weightDecay: -0.1 })).toThrow('weightDecay is a number of at least 0, but -0.1 came');
    const state = make({ learningRate: 0 }).init(value);
    expect(() => make({ learningRate: () => Number.NaN }).update(value, state, value, 3)).toThrow(
      'the learning rate at step 3 is a number of at least 0, but NaN came',
    );
    expect(() => make({ learningRate: 1, rateScale: () => -1 }).update(value, state, value, 0)).toThrow('rateScale of "a"');
    disposeTree(value, state);
  });
});
