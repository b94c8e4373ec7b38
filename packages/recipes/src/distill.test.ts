import { memory, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng, flattenTree } from '@vitrail/core';
import type { OpenedModel } from '@vitrail/pretrained';
import { onBackend } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { fiveStepsAndTwoAndThree } from '../test/exact-resume.ts';
import { hostBatch, lossAndGradients, tiny as tips, tokenizer } from '../test/tiny-system.ts';
import { tinyTeacher } from '../test/tiny-teacher.ts';
import { type DistillConfiguration, distill } from './distill.ts';

type Overrides = { [S in keyof DistillConfiguration]?: Partial<DistillConfiguration[S]> };

function tiny(overrides: Overrides = {}): DistillConfiguration {
  const { data, image, text, views, captions, loss, mask, optimizer, train, heads } = tips();
  const { patch: _, ...weights } = loss;
  const { prototypes: __, ...sizes } = heads;
  const whole: DistillConfiguration = {
    ...{ data, image, text, views, captions, optimizer, train },
    teacher: { model: 'runs/teacher', grid: 'equal' },
    mask: { ...mask, ratio: 0 },
    heads: { ...sizes, initialization: 'fresh' },
    loss: { ...weights, featureWeight: 0, affinityWeight: 0 },
  };
  const sections = Object.entries(whole).map(([name, section]) => [name, { ...section, ...overrides[name as 'loss'] }]);
  return Object.fromEntries(sections) as DistillConfiguration;
}

async function withTeacher(
  use: (teacher: OpenedModel) => void | Promise<void>,
  overrides: Parameters<typeof tinyTeacher>[0] = {},
): Promise<void> {
  const teacher = await tinyTeacher(overrides);
  try {
    await use(teacher);
  } finally {
    teacher.dispose();
  }
}

type Rows = number[][];
const unit = (v: number[]) => v.map((x) => x / Math.hypot(...v));
const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const softmax = (z: number[]) => z.map((x) => Math.exp(x - Math.max(...z))).map((x, _, all) => x / all.reduce((a, b) => a + b));
const crossEntropy = (p: number[], z: number[]) => -dot(p, softmax(z).map(Math.log));
const average = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

onBackend(['wasm'], () => {
  const small = { width: 16, heads: 2 };
  const batchAt = (step: number) => hostBatch(tips(), step);
  const everything: Overrides = { loss: { featureWeight: 0.5, affinityWeight: 0.25 } };

  it('asks for the cosine of the first CLS token and every patch, and for the affinities of the teacher', async () => {
    await withTeacher((teacher) => {
      tidy(() => {
        const { program, prepare, release, encoder } = distill.assemble(tiny(everything), teacher);
        const { params, carried } = program.init(createRng(7));
        const batch = prepare(tokenizer, batchAt(0));
        const { terms } = lossAndGradients(program, { params, carried }, batch);
        const goal = { cls: batch.teacher.cls.arraySync(), patches: batch.teacher.patches.arraySync() };
        const outputs = encoder.encodeImages(params.image, batch.global);
        const [cls, patches] = [outputs.cls.arraySync(), outputs.patches.arraySync()];
        const texts = encoder.encodeTexts(params.text, batch.texts).arraySync().slice(3); // Those of the second stream.
        const kernel = params.heads.features?.kernel.arraySync() as Rows;
        const projected = (v: number[]) =>
          kernel[0].map((_, column) => v.reduce((sum, x, row) => sum + x * kernel[row][column], 0));
        const cosines = [0, 1, 2].flatMap((b) => [
          dot(unit(projected(cls[b][0])), unit(goal.cls[b][0])),
          ...patches[b].map((patch, n) => dot(unit(projected(patch)), unit(goal.patches[b][n]))),
        ]);
        expect(terms['loss/features']).toBeCloseTo(-average(cosines), 5);

        const scales = [params.logitScale, teacher.params.logitScale as Tensor].map((scale) => Math.exp(scale.dataSync()[0]));
        const goalTexts = batch.teacher.texts?.arraySync() as Rows;
        const scores = (us: Rows, vs: Rows, scale: number) => us.map((u) => vs.map((v) => scale * dot(unit(u), unit(v))));
        const last = (rows: number[][][]) => rows.map((row) => row[1]);
        const [own, its] = [
          { images: last(cls), texts, scale: scales[0] },
          { images: last(goal.cls), texts: goalTexts, scale: scales[1] },
        ];
        const direction = (from: 'images' | 'texts', to: 'images' | 'texts') => {
          const goals = scores(its[from], its[to], its.scale).map(softmax);
          return average(scores(own[from], own[to], own.scale).map((row, i) => crossEntropy(goals[i], row)));
        };
        const affinity = (direction('images', 'texts') + direction('texts', 'images')) / 2;
        expect(terms['loss/affinity']).toBeCloseTo(affinity, 4);
        const sum =
          terms['loss/contrastive'] +
          2 * terms['loss/patch'] +
          terms['loss/dino'] +
          0.5 * terms['loss/features'] +
          0.25 * affinity;
        expect(terms.loss).toBeCloseTo(sum, 4);
        release(batch);
      });
    });
  });

  it("compares with the teacher's own heads, all patches whether they are hidden or not, and keeps fresh centres of its scores", async () => {
    await withTeacher((teacher) => {
      tidy(() => {
        const { program, prepare, release, encoder } = distill.assemble(tiny({ mask: { ratio: 0.5 } }), teacher);
        const { params, carried } = program.init(createRng(7));
        const batch = prepare(tokenizer, batchAt(0));
        const { terms, auxiliary } = lossAndGradients(program, { params, carried }, batch);
        const logits = (head: unknown, tokens: Rows) => {
          const { trunk, prototypes } = head as {
            trunk: Record<string, { kernel: Tensor; bias: Tensor }>;
            prototypes: { directions: Tensor };
          };
          const layer = (x: number[], { kernel, bias }: { kernel: Tensor; bias: Tensor }) => {
            const [weights, b] = [kernel.arraySync() as Rows, bias.arraySync() as number[]];
            return b.map((value, column) => value + x.reduce((sum, xi, row) => sum + xi * weights[row][column], 0));
          };
          const gelu = (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2));
          const directions = prototypes.directions.arraySync() as Rows;
          return tokens.map((token) => {
            const hidden = layer(layer(token, trunk.fc1).map(gelu), trunk.fc2).map(gelu);
            const features = unit(layer(hidden, trunk.fc3));
            return directions.map((direction) => dot(unit(direction), features));
          });
        };
        const heads = teacher.params.heads as Record<string, unknown>;
        const goals = logits(heads.patch, batch.teacher.patches.arraySync().flat());
        const seen = encoder.encodeImages(params.image, batch.global, { mask: batch.mask }).patches.arraySync().flat();
        const student = logits(params.heads.patch, seen);
        const loss = average(
          student.map((row, i) =>
            crossEntropy(
              softmax(goals[i].map((z) => z / 0.04)),
              row.map((z) => z / 0.1),
            ),
          ),
        );
        expect(terms['loss/patch']).toBeCloseTo(loss, 4);
        const means = goals[0].map((_, k) => 0.1 * average(goals.map((row) => row[k]))); // 0.9 of centres at 0.
        for (const [k, value] of Array.from(auxiliary.patch).entries()) expect(value).toBeCloseTo(means[k], 5);
        release(batch);
      });
    });
  });

  it.each([
    ['the losses of TIPSv2', {}],
    ['masks and every loss', { ...everything, mask: { ratio: 0.5 } }],
    ['features and affinities alone', { loss: { patchWeight: 0, dinoWeight: 0, featureWeight: 1, affinityWeight: 1 } }],
    ["heads that start as the teacher's", { heads: { initialization: 'teacher' } }],
  ] as const)('with %s trains five steps, and as well from a checkpoint, to the bit', async (_, overrides) => {
    await withTeacher(async (teacher) => {
      const before = memory().numTensors;
      const [atOnce, resumed] = await fiveStepsAndTwoAndThree(distill.assemble(tiny(overrides as Overrides), teacher), batchAt);
      expect(resumed).toEqual(atOnce);
      expect(memory().numTensors).toBe(before);
    });
  });

  it('changes nothing of the teacher, whose heads its own may start as', async () => {
    await withTeacher(async (teacher) => {
      const bits = () => Object.values(flattenTree<Tensor>(teacher.params)).map((tensor) => tensor.dataSync().slice());
      const before = bits();
      const system = distill.assemble(tiny({ heads: { initialization: 'teacher' }, train: { steps: 1 } }), teacher);
      tidy(() => {
        const { params } = system.program.init(createRng(1));
        const own = flattenTree<Tensor>({ heads: params.heads } as never);
        const its = flattenTree<Tensor>({ heads: teacher.params.heads } as never);
        expect(Object.keys(own)).toEqual(Object.keys(its));
        for (const path of Object.keys(own)) expect(own[path].dataSync()).toEqual(its[path].dataSync());
      });
      await fiveStepsAndTwoAndThree(system, batchAt);
      expect(bits()).toEqual(before);
    });
  });

  it('learns from a teacher of another width, with heads of its own', async () => {
    await withTeacher(
      (teacher) => {
        tidy(() => {
          const { program } = distill.assemble(tiny(everything), teacher);
          const { heads } = program.init(createRng(1)).params;
          expect(heads.features?.kernel.shape).toEqual([16, 24]);
          expect(heads.patch?.prototypes.directions.shape).toEqual([10, 8]);
        });
        expect(() => distill.assemble(tiny({ heads: { initialization: 'teacher' } }), teacher)).toThrow('image.width 24');
      },
      { image: { ...small, width: 24 } },
    );
  });

  it('says what a teacher lacks', async () => {
    await withTeacher((teacher) => {
      const { heads: _, ...towers } = teacher.params;
      const bare: OpenedModel = { ...teacher, params: towers };
      expect(() => distill.assemble(tiny(), bare)).toThrow('loss.featureWeight or loss.affinityWeight above it');
      const silent: OpenedModel = { ...teacher, encodesTexts: false };
      expect(() => distill.assemble(tiny(everything), silent)).toThrow('loss.affinityWeight');
      expect(() => distill.assemble(tiny())).toThrow('none came');
    });
  });
});

describe('bad settings', () => {
  it.each([
    [{ mask: { ratio: 1.5 } }, 'mask.ratio'],
    [{ mask: { ratio: 1 } }, 'mask.ratio 1 hides all 16 patches'],
    [{ views: { localCrops: 0 } }, 'needs local crops'],
    [{ loss: { patchWeight: 0, dinoWeight: 0 } }, 'nothing is learned from the teacher'],
    [{ loss: { featureWeight: -1 } }, 'loss.featureWeight'],
    [{ heads: { initialization: 'frehs' as 'fresh' } }, 'did you mean "fresh"'],
    [{ teacher: { grid: 'same' as 'equal' } }, 'teacher.grid'],
  ] as const)('%o is refused', (overrides, message) => {
    expect(() => distill.check(tiny(overrides as Overrides))).toThrow(message);
  });
});

/** Abramowitz and Stegun 7.1.26 is good to 1.5e-7. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
