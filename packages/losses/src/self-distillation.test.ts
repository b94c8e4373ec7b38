import {
  engine,
  grads,
  mean,
  mul,
  ones,
  type Rank,
  type Scalar,
  slice,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import type { PrototypeScores } from '@vitrail/ops';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { distillationReference, referenceScores } from '../test/references.ts';
import { dino } from './dino.ts';
import { ibot, ibotPlusPlus } from './ibot.ts';
import { maskedMean } from './masked-mean.ts';
import type { TeacherScores } from './teacher-scores.ts';

const { samples, crops, tokens } = distillationReference;
const matrix = (rows: number, columns: number, seed: number) => sampleTensor<Rank.R2>([rows, columns], seed);
const referenceMask = () => tensor2d(distillationReference.mask, [samples, tokens]);

/** Each loss on scores with 2 samples, 3 crops or 4 tokens each: how many rows student and teacher have, and how it is called. */
const losses: Record<
  string,
  { rows: [number, number]; apply(student: PrototypeScores, teacher: TeacherScores, mask?: Tensor): Tensor }
> = {
  dino: { rows: [6, 2], apply: (student, teacher) => dino(student, teacher, { crops }) },
  ibot: { rows: [8, 8], apply: (student, teacher, mask = referenceMask()) => ibot(student, teacher, { tokens, mask }) },
  'ibot++': { rows: [8, 8], apply: (student, teacher) => ibotPlusPlus(student, teacher, { tokens }) },
};
const names = ['dino', 'ibot', 'ibot++'] as const;

onBackend(['cpu', 'wasm'], () => {
  describe.each(names)('%s', (name) => {
    const { rows, apply } = losses[name];
    const sample = (): [PrototypeScores, TeacherScores] => [
      { features: matrix(rows[0], 3, 1), prototypes: matrix(3, 5, 2), temperature: 0.5 },
      {
        features: matrix(rows[1], 2, 3),
        prototypes: matrix(2, 5, 4),
        temperature: 0.4,
        center: sampleTensor<Rank.R1>([5], 5),
      },
    ];

    it("gives PyTorch's values, and the gradients of their mean for the student", () => {
      tidy(() => {
        const [student, teacher] = referenceScores(name);
        const expected = distillationReference[name];
        expectClose(apply(student, teacher), expected.losses, 1e-5);
        const { grads } = engine().gradients(() => mean<Scalar>(apply(student, teacher)), [student.features, student.prototypes]);
        expectClose(grads[0], expected.gradients[0], 1e-5);
        expectClose(grads[1], expected.gradients[1], 1e-5);
      });
    });

    it('has the gradients of finite differences', () => {
      tidy(() => {
        const [student, teacher] = sample();
        expectGradient(
          (features, prototypes) =>
            apply({ ...student, features: features as Tensor2D, prototypes: prototypes as Tensor2D }, teacher),
          [student.features, student.prototypes],
        );
      });
    });

    it('sends no gradient to the teacher or the center', () => {
      tidy(() => {
        const [student, teacher] = sample();
        const { grads: blocked } = engine().gradients(
          () => mean<Scalar>(apply(student, teacher)),
          [teacher.features, teacher.prototypes, teacher.center as Tensor1D],
          undefined,
          true,
        );
        expect(blocked).toEqual([undefined, undefined, undefined]);
        // Also where both sides come from the same encoder, as in TIPSv2.
        const gradient = (teacherFeatures: (x: Tensor2D) => Tensor2D) =>
          grads((x) => {
            const encoded = mul(x, 2) as Tensor2D;
            const own = { ...student, features: encoded };
            return mean(apply(own, { ...teacher, prototypes: student.prototypes, features: teacherFeatures(encoded) }));
          })([student.features])[0];
        const first = (x: Tensor2D) => slice(x, [0, 0], [rows[1], 3]);
        const constant = mul(first(student.features), 2) as Tensor2D;
        expectClose(
          gradient(first),
          gradient(() => constant),
        );
      });
    });

    it('is finite, with finite gradients, for scores in the hundreds', () => {
      tidy(() => {
        const [student, teacher] = sample();
        const sharp = [
          { ...student, temperature: 1e-3 },
          { ...teacher, temperature: 1e-3 },
        ] as const;
        const { value, grads } = engine().gradients(() => mean<Scalar>(apply(...sharp)), [student.features, student.prototypes]);
        for (const tensor of [value, ...grads]) expect(tensor.dataSync().every(Number.isFinite)).toBe(true);
      });
    });

    it('leaves nothing behind', () => {
      tidy(() => {
        const [student, teacher] = sample();
        const mask = referenceMask();
        expectNoLeak(() => [apply(student, teacher, mask)]);
      });
    });
  });

  it('pairs every crop of a sample with that sample, crops of a sample side by side', () => {
    tidy(() => {
      // Two prototypes, a teacher that is sure of one per sample, and a student that is right where the crops of a sample lie together.
      const axes = tensor2d([
        [1, 0],
        [0, 1],
      ]);
      const student = {
        features: tensor2d([
          [1, 0],
          [1, 0],
          [1, 0],
          [0, 1],
          [0, 1],
          [1, 0],
        ]),
        prototypes: axes,
        temperature: 0.1,
      };
      const teacher = { features: axes, prototypes: axes, temperature: 0.01 };
      const right = Math.log1p(Math.exp(-10));
      expectClose(dino(student, teacher, { crops: 3 }), [right, right, right, right, right, 10 + right]);
    });
  });

  it('asks for the teacher itself when student and teacher are one: nothing to learn but temperature and center', () => {
    tidy(() => {
      const scores = { features: matrix(8, 3, 1), prototypes: matrix(3, 5, 2), temperature: 0.2 };
      const gradient = (teacher: TeacherScores) =>
        grads((features) => ibotPlusPlus({ ...scores, features: features as Tensor2D }, teacher, { tokens }))([
          scores.features,
        ])[0];
      const largest = (x: Tensor) => Math.max(...x.dataSync().map(Math.abs));
      expect(largest(gradient(scores))).toBeLessThan(1e-5);
      expect(largest(gradient({ ...scores, temperature: 0.1 }))).toBeGreaterThan(0.1);
      expect(largest(gradient({ ...scores, center: sampleTensor<Rank.R1>([5], 4) }))).toBeGreaterThan(0.1);
      // Scaling scores and temperature alike is no change, nor is a center that is the same for all prototypes.
      const scaled = { ...scores, prototypes: mul(scores.prototypes, 3) as Tensor2D, temperature: 0.6 };
      expect(largest(gradient({ ...scaled, center: mul(ones<Rank.R1>([5]), 7) as Tensor1D }))).toBeLessThan(1e-5);
    });
  });

  it("is then the teacher's entropy: from 0, one-hot, to log K, uniform, and less for a sharper teacher", () => {
    tidy(() => {
      const entropy = (temperature: number, features: Tensor2D = matrix(8, 3, 1)) => {
        const scores = { features, prototypes: matrix(3, 5, 2), temperature };
        return ibotPlusPlus(scores, scores, { tokens }).dataSync();
      };
      const [soft, sharp] = [entropy(0.5), entropy(0.1)];
      for (let i = 0; i < 8; i++) {
        expect(soft[i]).toBeLessThan(Math.log(5));
        expect(sharp[i]).toBeLessThan(soft[i]);
        expect(sharp[i]).toBeGreaterThan(0);
      }
      expectClose(entropy(0.1, zeros([8, 3])), new Array(8).fill(Math.log(5)));
      expectClose(entropy(1e-5), new Array(8).fill(0));
    });
  });

  it('is never below the entropy of the target: no student does better than agreeing', () => {
    tidy(() => {
      const teacher = { features: matrix(8, 3, 1), prototypes: matrix(3, 5, 2), temperature: 0.3 };
      const best = ibotPlusPlus(teacher, teacher, { tokens }).dataSync();
      for (const seed of [3, 4, 5]) {
        const other = ibotPlusPlus({ ...teacher, features: matrix(8, 3, seed) }, teacher, { tokens }).dataSync();
        for (let i = 0; i < 8; i++) expect(other[i]).toBeGreaterThanOrEqual(best[i] - 1e-6);
      }
    });
  });

  it('splits iBOT++ into r times the masked mean and 1 - r times the visible mean', () => {
    tidy(() => {
      const [student, teacher] = referenceScores('ibot++');
      const perToken = ibotPlusPlus(student, teacher, { tokens });
      const mask = tensor2d([
        [1, 1, 0, 1],
        [0, 1, 1, 1],
      ]);
      const visible = tensor2d([
        [0, 0, 1, 0],
        [1, 0, 0, 0],
      ]);
      const parts = [maskedMean(perToken, mask), maskedMean(perToken, visible)].map((part) => part.dataSync()[0]);
      expectClose(mean(perToken), [0.75 * parts[0] + 0.25 * parts[1]]);
      // iBOT is its masked part.
      expectClose(mean(ibot(student, teacher, { tokens, mask })), [parts[0]]);
    });
  });

  it('teaches visible patches nothing under iBOT, and something under iBOT++', () => {
    tidy(() => {
      const [student, teacher] = referenceScores('ibot');
      const gradient = (loss: (student: PrototypeScores) => Tensor) =>
        grads((features) => loss({ ...student, features: features as Tensor2D }))([
          student.features,
        ])[0].arraySync() as number[][];
      const masked = gradient((own) => ibot(own, teacher, { tokens, mask: referenceMask() }));
      const every = gradient((own) => ibotPlusPlus(own, teacher, { tokens }));
      const isZero = (row: number[]) => row.every((value) => value === 0);
      expect(masked.map(isZero)).toEqual([false, true, false, false, true, true, true, true]);
      expect(every.some(isZero)).toBe(false);
    });
  });

  it('takes masks of any type, and gives 0 to a sample of which nothing is hidden', () => {
    tidy(() => {
      const [student, teacher] = referenceScores('ibot');
      const expected = distillationReference.ibot.losses;
      expect(expected[1]).toBe(0);
      for (const type of ['bool', 'int32'] as const) {
        const mask = tensor2d(distillationReference.mask, [samples, tokens], type);
        expectClose(ibot(student, teacher, { tokens, mask }), expected);
      }
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const [student, teacher] = referenceScores('dino');
    for (const count of [0, 1.5, Number.NaN]) {
      expect(() => dino(student, teacher, { crops: count })).toThrow(`crops is a whole number of at least 1, but ${count} came`);
      expect(() => ibotPlusPlus(student, student, { tokens: count })).toThrow(
        `tokens is a whole number of at least 1, but ${count}`,
      );
    }
    expect(() => dino(student, teacher, { crops: 4 })).toThrow('student.features is [8, d], but [6, 3] came');
    expect(() => ibotPlusPlus(student, student, { tokens: 4 })).toThrow(
      'has 4 rows per sample, but 6 rows are no multiple of that',
    );
    expect(() => ibotPlusPlus(student, teacher, { tokens: 3 })).toThrow('teacher.features is [6, e], but [2, 2] came');
    expect(() => ibot(student, student, { tokens: 3, mask: ones([2, 4]) })).toThrow('mask is [B, 3], but [2, 4] came');
    expect(() => ibot(student, student, { tokens: 3, mask: ones([3, 3]) })).toThrow(
      'student.features is [9, d], but [6, 3] came',
    );
  });
});
