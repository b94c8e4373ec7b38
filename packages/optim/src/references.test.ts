import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import references from '../fixtures/references.json' with { type: 'json' };
import { adafactor } from './adafactor.ts';
import { adamw } from './adamw.ts';
import { clipByGlobalNorm } from './clip-by-global-norm.ts';
import { lamb } from './lamb.ts';
import type { OptimizerOptions } from './optimizer.ts';

type Numbers = number | readonly Numbers[];
type NumbersByPath = Readonly<Record<string, Numbers>>;

const makers: Readonly<Record<string, (options: OptimizerOptions) => ReturnType<typeof adamw>>> = { adamw, lamb, adafactor };

/** Bias corrections, decay, rates per tensor, factoring and clipping, all against implementations that others wrote (`fixtures/`). */
onBackend(['cpu', 'wasm'], () => {
  describe.each(references.cases)('$optimizer as $reference with $options', ({ optimizer: name, options, steps }) => {
    it('takes the same five steps', () => {
      const optimizer = makers[name]({
        weightDecay: 0,
        ...parseInfinity(options),
        learningRate: (step) => references.rates[step],
        rateScale: (path) => (path === 'bias' ? 0.25 : 1),
      });
      let params = toTree(references.params);
      let state = optimizer.init(params);
      steps.forEach((expected, step) => {
        const grads = toTree(references.grads[step]);
        const updated = optimizer.update(grads, state, params, step);
        disposeTree(grads, state, params);
        ({ params, state } = updated);
        for (const [path, leaf] of Object.entries(flattenTree<Tensor>(params))) {
          expectClose(leaf, flatNumbers((expected as NumbersByPath)[path]), 2e-6);
        }
      });
      disposeTree(params, state);
    });
  });

  it('clips as torch.nn.utils.clip_grad_norm_', () => {
    const { step, maximumNorm, norm, grads: expected } = references.clipped;
    const grads = toTree(references.grads[step]);
    const clipped = clipByGlobalNorm(grads, maximumNorm);
    expectClose(clipped.norm, [norm], 1e-6);
    for (const [path, leaf] of Object.entries(flattenTree<Tensor>(clipped.grads))) {
      expectClose(leaf, flatNumbers((expected as NumbersByPath)[path]), 1e-6);
    }
    disposeTree(grads, clipped);
  });
});

it('covers every optimiser, so that none goes unchecked', () => {
  expect(new Set(references.cases.map(({ optimizer }) => optimizer))).toEqual(new Set(Object.keys(makers)));
});

function toTree(numbers: NumbersByPath): TensorTree {
  return Object.fromEntries(
    Object.entries(numbers).map(([path, values]) => [path, tensor(values as number[], undefined, 'float32')]),
  );
}

function flatNumbers(numbers: Numbers): number[] {
  return typeof numbers === 'number' ? [numbers] : numbers.flatMap(flatNumbers);
}

/** JSON has no infinity. */
function parseInfinity(options: object): object {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, value === 'Infinity' ? Infinity : value]));
}
