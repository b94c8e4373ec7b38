import { clone, fill, reshape, type Scalar, scalar, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, mapTree, type TensorTree } from '@vitrail/core';
import { emaUpdate } from '@vitrail/ema';
import { adafactor, adamw, globalNorm, guardStep, initialCounts, lamb, type Optimizer, unlessNaN } from '@vitrail/optim';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { countLaunches } from './count-launches.ts';
import { onWebGpu } from './on-webgpu.ts';

/** A hundred tensors: matrices and vectors, as of a transformer. */
const tree = (seed: number): TensorTree =>
  Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [
      `layer${i}`,
      { kernel: sampleTensor([9 + i, 17], seed + i), bias: sampleTensor([17], seed + 100 + i) },
    ]),
  );

type State = { params: TensorTree; moments: TensorTree; teacher: TensorTree; counts: Tensor1D };

/** One whole update, as `@vitrail/train` makes it: norm, clipping, optimiser, average, and the choice where a step is left out. */
function update(optimizer: Optimizer, state: State, gradients: TensorTree, loss: Scalar, step: number): State {
  const norm = globalNorm(gradients);
  const own = reshape(loss, [1]) as Tensor1D;
  const guard = guardStep({ numbers: own, norm, counts: state.counts, maximumNorm: 1 });
  const updated = optimizer.update(gradients, state.moments, state.params, step, guard.gradientScale);
  // The teacher averages a part of the parameters, and not in their order.
  const { layer3, layer7, layer1 } = updated.params as Record<string, TensorTree>;
  const average = emaUpdate(state.teacher, { layer7, layer1, layer3 }, 0.9);
  const leaves = (of: TensorTree) => Object.values(flattenTree<Tensor>(of));
  const chosen = unlessNaN(guard.gradientScale, leaves(average), leaves(state.teacher));
  let at = 0;
  const teacher = mapTree(average, () => chosen[at++]);
  const { gradientScale, numbers, counted, counts } = guard;
  disposeTree(average, { own, norm, gradientScale, numbers, counted });
  return { params: updated.params, moments: updated.state, teacher, counts };
}

/** How many buffers are copied while `f` runs. */
function countCopies(f: () => void): number {
  const { prototype } = GPUCommandEncoder;
  const { copyBufferToBuffer } = prototype;
  let count = 0;
  prototype.copyBufferToBuffer = function (...args: unknown[]) {
    count++;
    return (copyBufferToBuffer as (...all: unknown[]) => undefined).apply(this, args);
  };
  try {
    f();
  } finally {
    prototype.copyBufferToBuffer = copyBufferToBuffer;
  }
  return count;
}

describe('a whole update of a hundred tensors', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each([
      ['adamw', adamw({ learningRate: 0.01, weightDecay: 0.1 }), 6],
      ['lamb', lamb({ learningRate: 0.01, weightDecay: 0.1, maximumNorm: Number.POSITIVE_INFINITY }), 8],
      ['adafactor', adafactor({ learningRate: 0.01, weightDecay: 0.1 }), 11],
    ] as const)('takes few launches with %s, and copies only the gradients from step to step', async (_, optimizer, most) => {
      const params = tree(1);
      const { layer7, layer1, layer3 } = params as Record<string, TensorTree>;
      let state: State = {
        params,
        moments: optimizer.init(params),
        teacher: mapTree({ layer7, layer1, layer3 } as TensorTree, (leaf) => clone(leaf)),
        counts: initialCounts(),
      };
      const launches: number[] = [];
      const copies: number[] = [];
      const loss = scalar(1);
      for (let step = 0; step < 4; step++) {
        const gradients = mapTree(params, (leaf) => fill(leaf.shape, 0.1 * (step + 1)));
        const before = state;
        copies.push(
          countCopies(() => launches.push(countLaunches(() => (state = update(optimizer, before, gradients, loss, step))))),
        );
        if (step > 0) disposeTree(before.params);
        disposeTree(before.moments, before.teacher, { counts: before.counts }, gradients);
      }
      expect(Math.max(...launches)).toBeLessThanOrEqual(most);
      // Each gradient once, and the scale for two tables.
      expect(copies.slice(1)).toEqual([103, 103, 103].map((count) => expect.toSatisfy((n: number) => n <= count)));
      await state.counts.data();
      disposeTree(params, state.params, state.moments, state.teacher, { counts: state.counts, loss });
    });

    it('is the one on cpu, over steps of which some are left out', async () => {
      await expectAsOnCpu(
        'updates',
        () => {
          const optimizer = adamw({ learningRate: 0.01, weightDecay: 0.1 });
          const params = tree(1);
          const { layer7, layer1, layer3 } = params as Record<string, TensorTree>;
          const teacher: TensorTree = { layer7, layer1, layer3 };
          let state: State = { params, moments: optimizer.init(params), teacher, counts: initialCounts() };
          for (const [step, value] of [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 3].entries()) {
            state = update(optimizer, state, tree(1000 * step), scalar(value), step);
          }
          return Object.values(flattenTree<Tensor>(state as unknown as TensorTree));
        },
        { halfTolerance: 1e-5 },
      );
    });
  });
});
