import {
  engine,
  grads,
  mul,
  ones,
  type Rank,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { type PrototypeScores, softTargetCrossEntropy } from './soft-target-cross-entropy.ts';

const matrix = (rows: number, columns: number, seed: number) => sampleTensor<Rank.R2>([rows, columns], seed);
const student = (): PrototypeScores => ({ features: matrix(7, 3, 1), prototypes: matrix(3, 5, 2), temperature: 0.1 });
const teacher = () => ({
  features: matrix(7, 4, 3),
  prototypes: matrix(4, 5, 4),
  temperature: 0.04,
  center: sampleTensor<Rank.R1>([5], 5),
});

/** Score of token t and prototype k, in float64. */
function score({ features, prototypes, temperature }: PrototypeScores, t: number, k: number, center = 0): number {
  const [f, w, width, count] = [features.dataSync(), prototypes.dataSync(), prototypes.shape[0], prototypes.shape[1]];
  let dot = 0;
  for (let i = 0; i < width; i++) dot += f[t * width + i] * w[i * count + k];
  return (dot - center) / temperature;
}

function loops(s: PrototypeScores, t: PrototypeScores & { center?: Tensor1D }): number[] {
  const count = s.prototypes.shape[1];
  const distribution = (scores: number[]) => {
    const total = scores.reduce((sum, value) => sum + Math.exp(value), 0);
    return scores.map((value) => Math.exp(value) / total);
  };
  return Array.from({ length: s.features.shape[0] }, (_, token) => {
    const each = (of: (k: number) => number) => Array.from({ length: count }, (_, k) => of(k));
    const predicted = distribution(each((k) => score(s, token, k)));
    const target = distribution(each((k) => score(t, token, k, t.center?.dataSync()[k])));
    return -target.reduce((sum, p, k) => sum + p * Math.log(predicted[k]), 0);
  });
}

onBackend(['cpu', 'wasm'], () => {
  it('agrees with plain loops, in one chunk or several, with a center or none', () => {
    tidy(() => {
      const expected = loops(student(), teacher());
      for (const chunkTokens of [undefined, 1, 3, 7, 100]) {
        expectClose(softTargetCrossEntropy(student(), teacher(), { chunkTokens }), expected, 1e-4);
      }
      const { center: _, ...plain } = teacher();
      expectClose(softTargetCrossEntropy(student(), plain), loops(student(), plain), 1e-4);
    });
  });

  it('is log K when the student cannot tell, and the entropy of the target when it agrees', () => {
    tidy(() => {
      expectClose(softTargetCrossEntropy({ ...student(), features: zeros([7, 3]) }, teacher()), new Array(7).fill(Math.log(5)));
      const { center: _, ...target } = teacher();
      const logits = [0, 1, 2, 3, 4].map((k) => score(target, 0, k));
      const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
      const entropy = -logits.reduce((sum, value) => sum + (Math.exp(value) / total) * Math.log(Math.exp(value) / total), 0);
      expect(softTargetCrossEntropy(target, target).dataSync()[0]).toBeCloseTo(entropy, 4);
    });
  });

  it('stays finite for scores whose exponentials are not', () => {
    tidy(() => {
      const s = { features: tensor2d([[1]]), prototypes: tensor2d([[0, 5]]), temperature: 0.01 };
      const t = { features: tensor2d([[1]]), prototypes: tensor2d([[5, 0]]), temperature: 0.01 };
      expectClose(softTargetCrossEntropy(s, t), [500]);
    });
  });

  it('has the gradients of finite differences for student features and prototypes, chunked or not', () => {
    tidy(() => {
      const target = { ...teacher(), temperature: 0.5 };
      for (const chunkTokens of [2, 100]) {
        expectGradient(
          (features, prototypes) =>
            softTargetCrossEntropy(
              { features: features as Tensor2D, prototypes: prototypes as Tensor2D, temperature: 0.5 },
              target,
              {
                chunkTokens,
              },
            ),
          [student().features, student().prototypes],
          { coordinates: 30 },
        );
      }
    });
  });

  it('sends no gradient to the teacher, even where both share their features', () => {
    tidy(() => {
      const { features, prototypes } = student();
      const own = matrix(3, 5, 9);
      const loss = (f: Tensor, w: Tensor) => {
        const shared = mul(f, 1) as Tensor2D;
        return softTargetCrossEntropy(
          { features: shared, prototypes: w as Tensor2D, temperature: 0.5 },
          { features: shared, prototypes: own, temperature: 0.5 },
        );
      };
      const apart = (f: Tensor, w: Tensor) =>
        softTargetCrossEntropy(
          { features: f as Tensor2D, prototypes: w as Tensor2D, temperature: 0.5 },
          { features, prototypes: own, temperature: 0.5 },
        );
      const [shared, separate] = [loss, apart].map((f) => grads(f)([features, prototypes]));
      expectClose(shared[0], separate[0]);
      const { value, grads: teacherGradients } = engine().gradients(
        () => mul(1, softTargetCrossEntropy(student(), { features, prototypes: own, temperature: 0.5 })),
        [features, own],
        undefined,
        true,
      );
      expect([value.shape, teacherGradients]).toEqual([[7], [undefined, undefined]]);
    });
  });

  it('takes no tokens, and leaves nothing behind', () => {
    tidy(() => {
      const none = { features: zeros<Rank.R2>([0, 3]), prototypes: matrix(3, 5, 2), temperature: 0.1 };
      expect(softTargetCrossEntropy(none, none).shape).toEqual([0]);
      const [s, t] = [student(), teacher()];
      expectNoLeak(() => [softTargetCrossEntropy(s, t, { chunkTokens: 2 })]);
      expectNoLeak(() =>
        grads((f, w) => softTargetCrossEntropy({ features: f as Tensor2D, prototypes: w as Tensor2D, temperature: 1 }, t))([
          s.features,
          s.prototypes,
        ]),
      );
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const [s, t] = [student(), teacher()];
    const op = softTargetCrossEntropy;
    expect(() => op({ ...s, prototypes: ones([4, 5]) }, t)).toThrow('student.prototypes is [3, K], but [4, 5] came');
    expect(() => op(s, { ...t, features: ones([6, 4]) })).toThrow('teacher.features is [7, e], but [6, 4] came');
    expect(() => op(s, { ...t, prototypes: ones([4, 6]) })).toThrow('teacher.prototypes is [4, 5], but [4, 6] came');
    expect(() => op(s, { ...t, center: ones([4]) })).toThrow('teacher.center is [5], but [4] came');
    expect(() => op({ ...s, temperature: 0 }, t)).toThrow('student.temperature is above 0, but 0 came');
    expect(() => op(s, { ...t, temperature: Number.NaN })).toThrow('teacher.temperature is above 0, but NaN came');
    expect(() => op(s, t, { chunkTokens: 0 })).toThrow('chunkTokens is a whole number above 0, but 0 came');
  });
});
