import { memory, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng, disposeTree, flattenTree } from '@vitrail/core';
import type { OpenedModel } from '@vitrail/pretrained';
import { onBackend } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { fiveStepsAndTwoAndThree } from '../test/exact-resume.ts';
import { hostBatch, lossAndGradients, tinyContrastive, tokenizer } from '../test/tiny-system.ts';
import { reopened, tinyTeacher } from '../test/tiny-teacher.ts';
import { uta } from './uta.ts';
import { type UtaContrastiveConfiguration, utaContrastive } from './uta-contrastive.ts';

type Overrides = { [S in keyof UtaContrastiveConfiguration]?: Partial<UtaContrastiveConfiguration[S]> };

function tiny(overrides: Overrides = {}): UtaContrastiveConfiguration {
  const { data, views, optimizer, train } = tinyContrastive();
  const whole: UtaContrastiveConfiguration = {
    ...{ data, views, train },
    start: { model: 'runs/uta' },
    captions: { streams: [['short']] },
    loss: { temperature: 0.05 },
    layers: { imageDecay: 0.75, textDecay: 0.75, textRate: 0.1 },
    optimizer: { ...optimizer, name: 'lamb' },
  };
  const sections = Object.entries(whole).map(([name, section]) => [name, { ...section, ...overrides[name as 'loss'] }]);
  return Object.fromEntries(sections) as UtaContrastiveConfiguration;
}

/** A student of UTA as it starts, with its teacher's texts, written and read back. */
async function withStudent(use: (student: OpenedModel) => void | Promise<void>): Promise<void> {
  const teacher = await tinyTeacher();
  const { data, views, optimizer, train } = tinyContrastive();
  const { model, program } = uta.assemble(
    {
      ...{ data, views, optimizer, train },
      image: { patchSize: 4, width: 16, depth: 2, heads: 2, mlpHidden: 24, initialization: 'eva02' },
      teacher: { model: 'runs/teacher', grid: 'equal', cache: false },
      mask: { kind: 'random', ratio: 0.5, minimumArea: 4 },
      objective: 'uta',
    },
    teacher,
  );
  const { params } = program.init(createRng(7));
  const student = await reopened({ ...params, ...model.further?.({}) }, model.describe(tokenizer));
  disposeTree(params);
  teacher.dispose();
  try {
    await use(student);
  } finally {
    student.dispose();
  }
}

const batchAt = (step: number) => hostBatch(tinyContrastive(), step);

onBackend(['wasm'], () => {
  it('is the contrastive loss at a temperature that stays', async () => {
    await withStudent((student) => {
      tidy(() => {
        const { program, prepare, release } = utaContrastive.assemble(tiny(), student);
        const start = program.init(createRng(1));
        const batch = prepare(tokenizer, batchAt(0));
        const { terms, gradients } = lossAndGradients(program, start, batch);
        const unit = (v: number[]) => v.map((x) => x / Math.hypot(...v));
        const pictures = student
          .encodeImages(batchAt(0).global, 3)
          .cls.arraySync()
          .map(([cls]) => unit(cls));
        const texts = student
          .encodeTexts(batchAt(0).samples.map(({ captions }) => captions.short as string))
          .arraySync()
          .map(unit);
        const scores = pictures.map((u) => texts.map((v) => u.reduce((sum, x, i) => sum + x * v[i], 0) / 0.05));
        const surprise = (rows: number[][]) =>
          rows.reduce((sum, row, i) => sum + Math.log(row.reduce((total, z) => total + Math.exp(z), 0)) - row[i], 0) /
          rows.length;
        const across = scores[0].map((_, column) => scores.map((row) => row[column]));
        expect(terms.loss).toBeCloseTo((surprise(scores) + surprise(across)) / 2, 4);
        expect(Object.values(gradients).filter((gradient) => gradient === 'none')).toEqual([]);
        release(batch);
      });
    });
  });

  it('trains five steps, and as well from a checkpoint, to the bit; a model of it can be tuned again', async () => {
    await withStudent(async (student) => {
      const before = memory().numTensors;
      const system = utaContrastive.assemble(tiny(), student);
      const [atOnce, resumed] = await fiveStepsAndTwoAndThree(system, batchAt);
      expect(resumed).toEqual(atOnce);
      const again = await reopened(student.params, system.model.describe(tokenizer));
      expect(again.config).toEqual(student.config);
      again.dispose();
      expect(memory().numTensors).toBe(before);
    });
  });

  it('leaves the text tower as it is at a rate of 0, and what it started from in any case', async () => {
    await withStudent(async (student) => {
      const bits = (of: OpenedModel) =>
        Object.fromEntries(
          Object.entries(flattenTree<Tensor>(of.params)).map(([path, tensor]) => [
            `params.${path}`,
            new Uint8Array(tensor.dataSync().slice().buffer),
          ]),
        );
      const start = bits(student);
      const [still] = await fiveStepsAndTwoAndThree(utaContrastive.assemble(tiny({ layers: { textRate: 0 } }), student), batchAt);
      for (const [path, value] of Object.entries(still)) {
        if (path.startsWith('params.text.')) expect(value).toEqual(start[path]);
      }
      expect(still['params.image.head.kernel']).not.toEqual(start['params.image.head.kernel']);
      expect(bits(student)).toEqual(start);
    });
  });

  it('says what cannot be tuned', async () => {
    await withStudent((student) => {
      const other = (part: object) => ({ ...student, ...part });
      expect(() => utaContrastive.assemble(tiny(), other({ tokenizer: undefined }))).toThrow('no text tower with its tokenizer');
      expect(() => utaContrastive.assemble(tiny(), other({ config: {} }))).toThrow('a run of uta');
      expect(() => utaContrastive.assemble(tiny({ views: { globalSize: 24 } }), student)).toThrow('set it to 16');
    });
  });
});

describe('bad settings', () => {
  it.each([
    [{ loss: { temperature: 0 } }, 'loss.temperature'],
    [{ layers: { imageDecay: 0 } }, 'layers.imageDecay'],
    [{ captions: { streams: [['alt'], ['short']] } }, 'captions.streams'],
    [{ views: { localCrops: 1 } }, 'views.localCrops'],
  ] as const)('%o is refused', (overrides, message) => {
    expect(() => utaContrastive.check(tiny(overrides as Overrides))).toThrow(message);
  });

  it('asks for the model that presets do not name', () => {
    expect(() => utaContrastive.needs?.(utaContrastive.presets.tiny.config)).toThrow('--set start.model=');
  });
});

it('has the rates of the paper in its sizes, and crops that are never mirrored, as in EVA-CLIP', () => {
  for (const { config } of Object.values(utaContrastive.presets)) {
    expect(config).toMatchObject({ views: { globalScale: [0.9, 1], flip: 0 }, loss: { temperature: 0.01 } });
  }
  for (const [name, [learningRate, imageDecay, steps]] of Object.entries({
    'B/14': [2e-4, 0.75, 40_690],
    'L/14': [4e-4, 0.85, 81_380],
    'g/14': [4e-4, 0.85, 40_690],
  })) {
    expect(utaContrastive.presets[name].config).toMatchObject({
      optimizer: { name: 'lamb', learningRate, weightDecay: 0.05, warmupSteps: 2000, maximumNorm: 5 },
      layers: { imageDecay, textDecay: 0.75, textRate: 0.1 },
      train: { steps, batchSize: 49_152 },
    });
  }
});
