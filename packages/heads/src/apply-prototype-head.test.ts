import { readFileSync } from 'node:fs';
import {
  engine,
  matMul,
  mul,
  ones,
  type Rank,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  tensor,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { createRng, disposeTree, flattenTree } from '@vitrail/core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { applyHeadTrunk, applyPrototypeHead, unitPrototypes } from './apply-prototype-head.ts';
import { updateCenter } from './center.ts';
import { initHeadTrunk, initPrototypeHead, initPrototypes, type PrototypeHeadParams } from './prototype-head.ts';

type Layers = Record<'fc1' | 'fc2' | 'fc3', { weight: number[]; bias: number[] }>;
const reference: {
  sizes: Record<'tokens' | 'width' | 'hidden' | 'bottleneck' | 'prototypes', number>;
  x: number[];
  weight: number[];
  layers: Layers;
  directions: number[];
  scores: number[];
  gradients: { x: number[]; layers: Layers; directions: number[] };
  centers: number[][];
} = JSON.parse(readFileSync(new URL('../fixtures/prototype-head.json', import.meta.url), 'utf8'));
const { tokens, width, hidden, bottleneck, prototypes } = reference.sizes;

/** PyTorch's weights `[outputs, inputs]`, as kernels. */
function turned(values: readonly number[], outputs: number, inputs: number): number[] {
  return Array.from({ length: values.length }, (_, i) => values[(i % outputs) * inputs + Math.floor(i / outputs)]);
}

function referenceHead(): PrototypeHeadParams {
  const layer = (name: keyof Layers, inputs: number, outputs: number) => ({
    kernel: tensor(turned(reference.layers[name].weight, outputs, inputs), [inputs, outputs]),
    bias: tensor(reference.layers[name].bias),
  });
  return {
    trunk: { fc1: layer('fc1', width, hidden), fc2: layer('fc2', hidden, hidden), fc3: layer('fc3', hidden, bottleneck) },
    prototypes: { directions: tensor<Rank.R2>(reference.directions, [prototypes, bottleneck]) },
  };
}

const referenceTokens = () => tensor<Rank.R2>(reference.x, [tokens, width]);

function scores(head: PrototypeHeadParams, x: Tensor2D): Tensor2D {
  const { features, prototypes } = applyPrototypeHead(head, x);
  return matMul(features, prototypes);
}

/** A small head whose parameters are large enough for finite differences. */
function sampleHead(): PrototypeHeadParams {
  const layer = (inputs: number, outputs: number, seed: number) => ({
    kernel: sampleTensor([inputs, outputs], seed),
    bias: sampleTensor([outputs], seed + 1),
  });
  return {
    trunk: { fc1: layer(4, 6, 1), fc2: layer(6, 5, 3), fc3: layer(5, 3, 5) },
    prototypes: { directions: sampleTensor<Rank.R2>([7, 3], 7) },
  };
}

onBackend(['cpu', 'wasm'], () => {
  it("gives the scores and every gradient of PyTorch's modules", () => {
    tidy(() => {
      const [head, x] = [referenceHead(), referenceTokens()];
      expectClose(scores(head, x), reference.scores, 1e-5);
      const { layers, directions } = reference.gradients;
      const leaves = flattenTree<Tensor>(head);
      const weight = tensor(reference.weight, [tokens, prototypes]);
      const { grads } = engine().gradients(() => sum(mul(scores(head, x), weight)), [x, ...Object.values(leaves)]);
      const [dx, ...rest] = grads;
      expectClose(dx, reference.gradients.x, 2e-5);
      Object.keys(leaves).forEach((path, i) => {
        const [, name, part] = path.split('.');
        if (path === 'prototypes.directions') expectClose(rest[i], directions, 2e-5);
        else {
          const { weight: dWeight, bias } = layers[name as keyof Layers];
          const [inputs, outputs] = leaves[path].shape;
          expectClose(rest[i], part === 'bias' ? bias : turned(dWeight, outputs, inputs), 2e-5);
        }
      });
    });
  });

  it('moves the center as DINO does, from zero, batch after batch', () => {
    tidy(() => {
      const [head, x] = [referenceHead(), referenceTokens()];
      const first = updateCenter(zeros([prototypes]), applyPrototypeHead(head, x), 0.9);
      expectClose(first, reference.centers[0], 1e-5);
      const other = tensor<Rank.R2>(
        reference.x.map((value) => 2 - value),
        [tokens, width],
      );
      expectClose(updateCenter(first, applyPrototypeHead(head, other), 0.9), reference.centers[1], 1e-5);
    });
  });

  it('has the gradients of finite differences through both normalisations', () => {
    tidy(() => {
      const { trunk, prototypes } = sampleHead();
      const inputs = [sampleTensor([3, 4], 11), trunk.fc1.kernel, trunk.fc2.kernel, trunk.fc3.kernel, prototypes.directions];
      expectGradient(
        (x, fc1, fc2, fc3, directions) =>
          scores(
            {
              trunk: {
                fc1: { ...trunk.fc1, kernel: fc1 },
                fc2: { ...trunk.fc2, kernel: fc2 },
                fc3: { ...trunk.fc3, kernel: fc3 },
              },
              prototypes: { directions: directions as Tensor2D },
            },
            x as Tensor2D,
          ),
        inputs,
      );
    });
  });

  it('gives unit vectors on both sides, whatever their lengths before', () => {
    tidy(() => {
      const { features, prototypes } = applyPrototypeHead(sampleHead(), sampleTensor<Rank.R2>([9, 4], 2));
      expect([features.shape, prototypes.shape]).toEqual([
        [9, 3],
        [3, 7],
      ]);
      expectClose(sum(square(features), 1), ones([9]));
      expectClose(sum(square(prototypes), 0), ones([7]));
      const { directions } = sampleHead().prototypes;
      expectClose(unitPrototypes({ directions: mul(directions, 1e-3) }), unitPrototypes({ directions }));
    });
  });

  it('stays finite for tokens and directions of zeros', () => {
    tidy(() => {
      const head = sampleHead();
      const silent = { ...head.trunk, fc3: { kernel: zeros([5, 3]), bias: zeros([3]) } };
      expectClose(applyHeadTrunk(silent, zeros([2, 4])), zeros([2, 3]));
      expectClose(unitPrototypes({ directions: zeros([7, 3]) }), zeros([3, 7]));
      expect(applyPrototypeHead(head, zeros([0, 4])).features.shape).toEqual([0, 3]);
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const [head, x] = [sampleHead(), sampleTensor<Rank.R2>([2, 4])];
      expectNoLeak(() => Object.values(applyPrototypeHead(head, x)));
    });
  });
});

it('lets heads share a trunk, as iBOT: the same features, other prototypes, one gradient for the trunk', () => {
  const size = { width: 4, hidden: 8, bottleneck: 3, prototypes: 5 };
  const rng = createRng(0);
  const heads = {
    trunk: initHeadTrunk(size, rng.fork('trunk')),
    cls: { prototypes: initPrototypes(size, rng.fork('cls')) },
    patch: { prototypes: initPrototypes({ ...size, prototypes: 9 }, rng.fork('patch')) },
  };
  expect(Object.keys(flattenTree({ heads })).filter((path) => /^heads\.\w+\.prototypes\./.test(path))).toEqual([
    'heads.cls.prototypes.directions',
    'heads.patch.prototypes.directions',
  ]);
  tidy(() => {
    const x = sampleTensor<Rank.R2>([2, 4]);
    const apply = ({ prototypes }: Pick<PrototypeHeadParams, 'prototypes'>) =>
      applyPrototypeHead({ trunk: heads.trunk, prototypes }, x);
    const [cls, patch] = [apply(heads.cls), apply(heads.patch)];
    expectClose(cls.features, patch.features);
    expect([cls.prototypes.shape, patch.prototypes.shape]).toEqual([
      [3, 5],
      [3, 9],
    ]);
  });
  disposeTree(heads);
});

it('says what does not fit', () => {
  const size = { width: 4, hidden: 8, bottleneck: 3, prototypes: 5 };
  const head = initPrototypeHead(size, createRng(0));
  tidy(() => {
    const narrow = { directions: ones<Rank.R2>([5, 2]) };
    expect(() => applyPrototypeHead({ ...head, prototypes: narrow }, ones([2, 4]))).toThrow(
      'directions are as long as the output of the trunk, 3, but 2 came',
    );
    expect(() => applyPrototypeHead(head, ones([2, 5]))).toThrow('kernel is [5, O], but [4, 8] came');
    expect(() => applyHeadTrunk(head.trunk, ones([1, 2, 4]) as never)).toThrow('x is [T, D], but [1, 2, 4] came');
    expect(() => unitPrototypes({ directions: ones([5]) as never })).toThrow('directions is [K, d], but [5] came');
  });
  disposeTree(head);
});
