import {
  add,
  engine,
  mul,
  ones,
  type Rank,
  type Scalar,
  scalar,
  slice,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { type Collectives, onTwoWorkers } from '../test/two-workers.ts';
import {
  affinityMimicking,
  barlowTwins,
  byol,
  clipRocket,
  infoNce,
  koLeo,
  mae,
  maskedCosine,
  negativeCosine,
  sigmoidContrastive,
  simClr,
  simMim,
  swaLip,
  swav,
} from './index.ts';

/**
 * What every loss must do: the gradients of finite differences, nothing left behind, finite numbers where features are degenerate. What it
 * is made from besides the features that are moved (targets, temperatures) comes from `constants`.
 */
type Case = {
  readonly shapes: readonly (readonly number[])[];
  readonly constants?: () => Tensor[];
  readonly loss: (features: Tensor[], constants: Tensor[]) => Tensor;
};

const pair = [
  [4, 3],
  [4, 3],
];
const rows = (seed: number, width = 3) => sampleTensor<Rank.R2>([4, width], seed);
const patchTargets = () => [sampleTensor<Rank.R3>([2, 3, 4], 9), tensor2d([1, 0, 1, 1, 0, 1], [2, 3])];

const losses: Record<string, Case> = {
  negativeCosine: { shapes: [[4, 3]], constants: () => [rows(9)], loss: ([x], [target]) => negativeCosine(x, target) },
  byol: { shapes: [[4, 3]], constants: () => [rows(9)], loss: ([x], [target]) => byol(x as Tensor2D, target) },
  maskedCosine: {
    shapes: [[2, 3, 4]],
    constants: patchTargets,
    loss: ([x], [target, mask]) => maskedCosine(x as Tensor3D, target as Tensor3D, mask),
  },
  affinityMimicking: {
    shapes: pair,
    constants: () => [scalar(1), rows(8, 2), rows(9, 2), scalar(2)],
    loss: ([images, texts], [logitScale, teacherImages, teacherTexts, teacherLogitScale]) =>
      affinityMimicking(
        { images: images as Tensor2D, texts: texts as Tensor2D, logitScale: logitScale as Scalar },
        { images: teacherImages as Tensor2D, texts: teacherTexts as Tensor2D, logitScale: teacherLogitScale as Scalar },
      ),
  },
  simClr: { shapes: pair, loss: ([first, second]) => simClr(first as Tensor2D, second as Tensor2D, { temperature: 0.5 }) },
  barlowTwins: { shapes: pair, loss: ([first, second]) => barlowTwins(first as Tensor2D, second as Tensor2D) },
  'sigmoidContrastive, 3 texts at a time': {
    shapes: pair,
    constants: () => [scalar(1), scalar(-1)],
    loss: ([images, texts], [logitScale, bias]) =>
      sigmoidContrastive(images as Tensor2D, texts as Tensor2D, logitScale as Scalar, bias as Scalar, { chunkTexts: 3 }),
  },
  koLeo: { shapes: [[4, 3]], loss: ([x]) => koLeo(x as Tensor2D) },
  mae: {
    shapes: [[2, 3, 4]],
    constants: patchTargets,
    loss: ([x], [target, mask]) => mae(x as Tensor3D, target as Tensor3D, mask),
  },
  simMim: {
    shapes: [[2, 3, 4]],
    constants: patchTargets,
    loss: ([x], [target, mask]) => simMim(x as Tensor3D, target as Tensor3D, mask),
  },
};

onBackend(['cpu', 'wasm'], () => {
  describe.each(Object.keys(losses))('%s', (name) => {
    const { loss, shapes, constants = () => [] } = losses[name];
    // Away from zero, where a step turns a row too far for differences.
    const inputs = () => shapes.map((shape, i) => add(mul(1.5, sampleTensor([...shape] as [number], i + 1)), 0.4));

    it('has the gradients of finite differences, one weight per value', () => {
      tidy(() => {
        const fixed = constants();
        expectGradient((...features) => loss(features, fixed), inputs());
      });
    });

    it('leaves nothing behind', () => {
      tidy(() => {
        const [features, fixed] = [inputs(), constants()];
        expectNoLeak(() => [loss(features, fixed)]);
      });
    });

    it('is finite, with finite gradients, for vectors of zeros, identical ones and long ones', () => {
      tidy(() => {
        const fixed = constants();
        for (const value of [0, 1, 1e4]) {
          const features = shapes.map((shape) => mul(ones([...shape]), value));
          const { value: total, grads } = engine().gradients(() => sum(loss(features, fixed)) as Scalar, features);
          for (const tensor of [total, ...grads]) expect(tensor.dataSync().every(Number.isFinite)).toBe(true);
        }
      });
    });
  });
});

it('extremes have the values that the formulas give', () => {
  tidy(() => {
    const [same, one] = [ones<Rank.R2>([4, 3]), sampleTensor<Rank.R2>([1, 3], 1)];
    expectClose(simClr(same, same, { temperature: 0.1 }), new Array(4).fill(Math.log(7)));
    expectClose(simClr(one, mul(one, -1), { temperature: 0.1 }), [0]);
    // The distance of equal rows is that of PyTorch: sqrt(3) 1e-8, and 1e-8 more.
    expectClose(koLeo(same), new Array(4).fill(-Math.log((Math.sqrt(3) + 1) * 1e-8)), 1e-4);
    expectClose(koLeo(add(zeros<Rank.R2>([2, 1]), [[1], [-1]]) as Tensor2D), [-Math.log(2), -Math.log(2)], 1e-6);
    const view = { features: same, prototypes: ones<Rank.R2>([3, 9]), temperature: 0.1 };
    expectClose(swav(view, view), new Array(4).fill(Math.log(9)));
    const single = { images: one, texts: one, logitScale: scalar(4) };
    expectClose(affinityMimicking(single, single), [0]);
  });
});

it('affinityMimicking sends no gradient to the teacher', () => {
  tidy(() => {
    const [u, v, targetU, targetV] = [1, 2, 3, 4].map((seed) => rows(seed));
    const scale = scalar(1);
    const teacher = { images: targetU, texts: targetV, logitScale: scalar(2) };
    const { grads } = engine().gradients(
      () => sum<Scalar>(affinityMimicking({ images: u, texts: v, logitScale: scale }, teacher)),
      [targetU, targetV, teacher.logitScale],
      undefined,
      true,
    );
    for (const gradient of grads as (Tensor | null)[]) expect(gradient ?? null).toBeNull();
  });
});

describe('over two workers: the mean of their losses, and its gradients, are those of the whole batch on one', () => {
  const own = (x: Tensor2D, rank: number) => slice(x, [2 * rank, 0], [2, x.shape[1]]);
  const [logitScale, strongScale, bias] = [1.5, 0.7, -1];

  const cases: Record<string, (views: Tensor2D[], options: Partial<Collectives>) => Tensor1D> = {
    infoNce: ([u, v], { gather }) => infoNce(u, v, scalar(logitScale), { gather, labelSmoothing: 0.1 }),
    sigmoidContrastive: ([u, v], { gather }) =>
      sigmoidContrastive(u, v, scalar(logitScale), scalar(bias), { gather, chunkTexts: 3 }),
    affinityMimicking: ([u, v, x, y], { gather }) =>
      affinityMimicking(
        { images: u, texts: v, logitScale: scalar(logitScale) },
        { images: x, texts: y, logitScale: scalar(2) },
        { gather },
      ),
    simClr: ([u, v], { gather }) => simClr(u, v, { temperature: 0.5, gather }),
    clipRocket: ([u, v, x, y], { gather }) =>
      clipRocket(
        { weak: { images: u, texts: v }, strong: { images: [x], texts: [y] } },
        { weak: scalar(logitScale), strong: scalar(strongScale) },
        { gather, labelSmoothing: 0.1 },
      ),
    barlowTwins: ([u, v], { allReduce }) => barlowTwins(u, v, { allReduce }),
    swav: ([u, v], { allReduce }) => {
      const prototypes = sampleTensor<Rank.R2>([5, 6], 7);
      const view = (features: Tensor2D) => ({ features, prototypes, temperature: 0.3 });
      return swav(view(u), view(v), { allReduce });
    },
    swaLip: ([u, v, x, y], { gather, allReduce }) =>
      swaLip({ images: [u, v], texts: [x, y] }, scalar(strongScale), { gather, allReduce }),
  };

  it.each(Object.keys(cases))('%s', (name) => {
    tidy(() => {
      const views = [1, 2, 3, 4].map((seed) => sampleTensor<Rank.R2>([4, 5], seed));
      const whole = () => cases[name](views, {});
      const sent: [Tensor[], Tensor[]] = [[], []];
      const split = () =>
        onTwoWorkers((rank, collectives) => {
          return cases[name](
            views.map((view) => own(view, rank)),
            collectives,
          );
        }, sent);
      // Barlow has a value per feature, and each worker all of them.
      const perFeature = name === 'barlowTwins';
      const reduce = (losses: Tensor1D[]) => losses.map((x) => mul(sum<Scalar>(x), 1 / (perFeature ? 1 : x.size)));
      const one = engine().gradients(() => reduce([whole()])[0], views, undefined, true);
      const two = engine().gradients(
        () => {
          const [first, second] = reduce(split());
          return mul(0.5, add(first, second)) as Scalar;
        },
        views,
        undefined,
        true,
      );
      expectClose(two.value, one.value, 1e-5);
      views.forEach(({ shape }, i) => {
        // A teacher's features have no gradient.
        const [a, b] = [one.grads[i], two.grads[i]].map((gradient: Tensor | undefined) => gradient ?? zeros(shape));
        expectClose(b, a, 1e-5);
      });
      for (const tensor of sent.flat()) tensor.dispose();
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const same = ones<Rank.R2>([4, 5]);
    const features = { images: same, texts: same, logitScale: scalar(1) };
    expect(() => affinityMimicking(features, { ...features, texts: ones([3, 5]) })).toThrow('texts is [4, 5], but [3, 5] came');
    expect(() => affinityMimicking(features, { ...features, images: ones([3, 5]), texts: ones([3, 5]) })).toThrow(
      'teacher.images is [4, D], but [3, 5] came',
    );
    expect(() => infoNce(same, same, scalar(1), { labels: { images: ones([4, 4]), texts: ones([4, 3]) } })).toThrow(
      'labels.texts is [4, 4], but [4, 3] came',
    );
    expect(() => simClr(same, ones([4, 6]), { temperature: 1 })).toThrow('second is [4, 5], but [4, 6] came');
    expect(() => simClr(same, same, { temperature: 0 })).toThrow('temperature is above 0, but 0 came');
    expect(() => simClr(zeros([0, 5]), zeros([0, 5]), { temperature: 1 })).toThrow('at least one picture');
    expect(() => koLeo(ones([1, 5]))).toThrow('a batch of 1 came');
    expect(() => sigmoidContrastive(same, same, scalar(1), scalar(0), { chunkTexts: 0 })).toThrow('at least 1, but 0 came');
    expect(() => mae(ones([2, 3, 4]), ones([2, 3, 4]), ones([2, 4]))).toThrow('mae: mask is [2, 3], but [2, 4] came');
    expect(() => simMim(ones([2, 3, 4]), ones([2, 3, 5]), ones([2, 3]))).toThrow('target is [2, 3, 4], but [2, 3, 5] came');
  });
});
