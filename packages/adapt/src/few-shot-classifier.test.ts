import {
  gather,
  type Rank,
  range,
  reshape,
  squeeze,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { createRng, flattenTree, type TensorTree } from '@vitrail/core';
import { linear } from '@vitrail/ops';
import { expectClose } from '@vitrail/testing';
import { expect, it } from 'vitest';
import type { AdaptableTowers, TowerParams } from './adaptable-towers.ts';
import { createAdapter } from './adapter.ts';
import { adaptedClassifier, linearProbe, zeroShotClassifier } from './few-shot-classifier.ts';

/** Towers whose features are rows of their parameter: all of them for pictures, and for a text that of its only id. */
const towers: AdaptableTowers = {
  image: {
    width: 2,
    shapes: { rows: [2, 2] },
    encode: (params) => (params.rows as Tensor2D).clone(),
    prompted: (_, inputs) => ({ inputs, onEmbeddings: {} }),
  },
  text: {
    width: 2,
    shapes: { rows: [4, 2] },
    encode: ({ rows }, { ids }) => gather(rows as Tensor2D, squeeze<Tensor1D>(ids, [1])),
    prompted: (_, inputs) => ({ inputs, onEmbeddings: {} }),
  },
};

/** The texts 0 to n - 1. */
const texts = (n: number) => ({ ids: reshape<Rank.R2>(range(0, n, 1, 'int32'), [n, 1]), padding: zeros<Rank.R2>([n, 1]) });

/** Two pictures; two classes in two templates. */
const parameters = (): TowerParams => ({
  image: { rows: tensor2d([0, 5, 6, 8], [2, 2]) },
  text: { rows: tensor2d([3, 0, 0, 4, 0, 1, 0, 2], [4, 2]) },
});
const promptsOf = () => ({ inputs: texts(4), classes: 2, scale: 10 });
const half = Math.SQRT1_2;

it('a class is the mean of its unit prompts, and logits are scaled cosines', () => {
  tidy(() => {
    const classifier = zeroShotClassifier(towers, parameters(), promptsOf());
    const head = classifier.head({});
    // (1, 0) and (0, 1); (0, 1) twice.
    expectClose(head.kernel, [10 * half, 0, 10 * half, 10], 1e-5);
    const features = classifier.features({}, zeros([2, 1, 1, 3]));
    expectClose(features, [0, 1, 0.6, 0.8], 1e-6);
    expectClose(linear(features, head), [10 * half, 10, 14 * half, 8], 1e-5);
  });
});

it('many prompts are encoded a part at a time', () => {
  tidy(() => {
    const angles = Array.from({ length: 300 }, (_, k) => k);
    const rows = tensor2d(angles.map((k) => [(k + 1) * Math.cos(k), (k + 1) * Math.sin(k)]));
    const base = { ...parameters(), text: { rows } };
    const { kernel } = zeroShotClassifier(towers, base, { inputs: texts(300), classes: 300, scale: 10 }).head({});
    expectClose(kernel, [...angles.map((k) => 10 * Math.cos(k)), ...angles.map((k) => 10 * Math.sin(k))], 1e-4);
  });
});

it('with an adapter only what goes through it depends on what is trained', () => {
  tidy(() => {
    const base = parameters();
    const adapter = createAdapter({ method: 'finetune', modalities: ['text'] }, towers);
    const classifier = adaptedClassifier(adapter, base, promptsOf());
    expect([classifier.trainsFeatures, classifier.trainsHead]).toEqual([false, true]);
    const own = classifier.init(createRng(0));
    expect(Object.keys(flattenTree(own))).toEqual(['text.rows']);
    const swapped = { text: { rows: tensor2d([0, 1, 0, 2, 3, 0, 4, 0], [4, 2]) } };
    expectClose(classifier.head(swapped).kernel, [0, 10, 10, 0], 1e-5);
    expectClose(classifier.features(swapped, zeros([2, 1, 1, 3])), [0, 1, 0.6, 0.8], 1e-6);
  });
});

it('a linear probe starts without a preference and is scaled like cosines', () => {
  tidy(() => {
    const probe = linearProbe(zeroShotClassifier(towers, parameters(), promptsOf()), { embedding: 2, classes: 3, scale: 10 });
    expect([probe.trainsFeatures, probe.trainsHead]).toEqual([false, true]);
    const own = probe.init(createRng(0));
    expectClose(linear(probe.features(own, zeros([2, 1, 1, 3])), probe.head(own)), [0, 0, 0, 0, 0, 0]);
    const learned: TensorTree = { head: { kernel: tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), bias: tensor1d([0.5, 0, -1]) } };
    const { kernel, bias } = probe.head(learned);
    expectClose(kernel, [10, 20, 30, 40, 50, 60]);
    expectClose(bias as never, [0.5, 0, -1]);
  });
});
