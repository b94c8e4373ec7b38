import { memory, type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { countShapes, createRng, disposeTree } from '@vitrail/core';
import { patchMask } from '@vitrail/masking';
import { type OpenedModel, siglip, siglipBigVision, siglipOpenClip } from '@vitrail/pretrained';
import { onBackend } from '@vitrail/testing';
import { applyEvaVit, evaVitShapes } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { fiveStepsAndTwoAndThree } from '../test/exact-resume.ts';
import { hostBatch, lossAndGradients, tinyContrastive, tokenizer } from '../test/tiny-system.ts';
import { reopened, tinyTeacher } from '../test/tiny-teacher.ts';
import { teacherTokens } from './frozen-teacher.ts';
import { type UtaConfiguration, uta } from './uta.ts';

type Overrides = {
  [S in keyof UtaConfiguration]?: UtaConfiguration[S] extends object ? Partial<UtaConfiguration[S]> : UtaConfiguration[S];
};

function tiny(overrides: Overrides = {}): UtaConfiguration {
  const { data, views, optimizer, train } = tinyContrastive();
  const image = { patchSize: 4, width: 16, depth: 2, heads: 2, mlpHidden: 24, initialization: 'eva02' } as const;
  return {
    data,
    optimizer: { ...optimizer, ...overrides.optimizer },
    objective: overrides.objective ?? 'uta',
    image: { ...image, ...overrides.image },
    views: { ...views, ...overrides.views },
    teacher: { model: 'runs/teacher', grid: 'equal', cache: false, ...overrides.teacher },
    mask: { kind: 'random', ratio: 0.5, minimumArea: 4, ...overrides.mask },
    train: { ...train, ...overrides.train },
  };
}

async function withTeacher(
  use: (teacher: OpenedModel) => void | Promise<void>,
  ...made: Parameters<typeof tinyTeacher>
): Promise<void> {
  const teacher = await tinyTeacher(...made);
  try {
    await use(teacher);
  } finally {
    teacher.dispose();
  }
}

const batchAt = (step: number) => hostBatch(tinyContrastive(), step);
const cosine = (a: number[], b: number[]) => a.reduce((dot, x, i) => dot + x * b[i], 0) / (Math.hypot(...a) * Math.hypot(...b));

onBackend(['wasm'], () => {
  describe('the loss', () => {
    // Which tokens count (0 is the CLS token), of a mask of the batch: by hand from section 2.2 and table 6 of the paper.
    const counted: Record<UtaConfiguration['objective'], (patch: number, isHidden: boolean) => boolean> = {
      uta: (token, isHidden) => token === 0 || !isHidden,
      mim: (token, isHidden) => token > 0 && isHidden,
      'uta+mim': () => true,
    };
    it.each([
      ['uta', 0.5],
      ['uta', 0],
      ['mim', 0.5],
      ['uta+mim', 0.5],
    ] as const)('of %s at ratio %f is the mean of the cosines that count', async (objective, ratio) => {
      await withTeacher((teacher) => {
        tidy(() => {
          const config = tiny({ objective, mask: { ratio } });
          const { program, prepare, release } = uta.assemble(config, teacher);
          const start = program.init(createRng(7));
          const batch = prepare(undefined, batchAt(0));
          const { terms, gradients } = lossAndGradients(program, start, batch);
          const crops = tensor4d(batchAt(0).global, [3, 16, 16, 3]); // TIPS takes pictures as they are.
          const goals = teacherTokens(teacher, crops, 4).arraySync();
          const hidden = (b: number, patch: number) =>
            batch.keep ? !Array.from(batch.keep.arraySync()[b]).includes(patch) : batch.mask?.arraySync()[b][patch] === 1;
          const tower = {
            imageSize: 16,
            patchSize: 4,
            width: 16,
            depth: 2,
            heads: 2,
            ffnNorm: true,
            rotaryGrid: 16,
            embedding: 16,
          };
          const outputs = applyEvaVit(
            { ...tower, mlp: { kind: 'swiglu', hidden: 24 }, maskToken: objective !== 'uta' },
            start.params.image,
            crops,
            { keep: batch.keep, mask: batch.mask },
          );
          const [cls, patches] = [outputs.cls.arraySync(), outputs.patches.arraySync()];
          const values: number[] = [];
          for (let b = 0; b < 3; b++) {
            const rows = batch.keep ? Array.from(batch.keep.arraySync()[b]) : Array.from({ length: 16 }, (_, i) => i);
            if (counted[objective](0, false)) values.push(cosine(cls[b][0], goals[b][0]));
            rows.forEach((patch, row) => {
              if (counted[objective](1 + patch, hidden(b, patch))) values.push(cosine(patches[b][row], goals[b][1 + patch]));
            });
          }
          expect(values.length).toBe(
            3 * { 'uta0.5': 9, uta0: 17, 'mim0.5': 8, 'uta+mim0.5': 17 }[`${objective}${ratio}` as 'uta0'],
          );
          expect(terms.loss).toBeCloseTo(-values.reduce((sum, x) => sum + x, 0) / values.length, 5);
          expect(Object.values(gradients).filter((gradient) => gradient === 'none')).toEqual([]);
          release(batch);
        });
      });
    });
  });

  it.each(['uta', 'mim', 'uta+mim'] as const)(
    '%s trains five steps, and as well from a checkpoint, to the bit',
    async (objective) => {
      await withTeacher(async (teacher) => {
        const system = uta.assemble(tiny({ objective }), teacher);
        const before = memory().numTensors;
        const [atOnce, resumed] = await fiveStepsAndTwoAndThree(system, batchAt);
        expect(resumed).toEqual(atOnce);
        expect(memory().numTensors).toBe(before);
      });
    },
  );

  it('with a cache asks the teacher once for a picture, and learns the same', async () => {
    await withTeacher(async (teacher) => {
      const views = { flip: 0, globalScale: [1, 1], aspect: [1, 1] } as const;
      let asked = 0;
      const { image } = teacher.encoders;
      const counting: OpenedModel = {
        ...teacher,
        encoders: {
          ...teacher.encoders,
          image: {
            ...image,
            encode: (...given) => {
              asked += given[0].shape[0] === 3 ? 1 : 0; // A black picture alone is looked at to learn its forms.
              return image.encode(...given);
            },
          },
        },
      };
      const run = async (cache: boolean) => {
        asked = 0;
        const system = uta.assemble(tiny({ views, teacher: { cache } }), counting);
        const [atOnce] = await fiveStepsAndTwoAndThree(system, (step) => batchAt(step % 2));
        system.dispose?.();
        return { atOnce, asked };
      };
      const before = memory().numTensors;
      const [plain, cached] = [await run(false), await run(true)];
      expect([plain.asked, cached.asked]).toEqual([10, 2]);
      expect(cached.atOnce).toEqual(plain.atOnce);
      expect(memory().numTensors).toBe(before);
    });
  });

  it('draws blocks of the area that is asked for, as many patches as the paper counts', async () => {
    await withTeacher((teacher) => {
      const kept = (minimumArea: number) => {
        const { prepare, release } = uta.assemble(tiny({ mask: { kind: 'block', ratio: 0.4, minimumArea } }), teacher);
        const batch = prepare(undefined, batchAt(0));
        const rows = batch.keep?.arraySync();
        release(batch);
        return rows;
      };
      const drawn = (minimumArea: number) =>
        batchAt(0).samples.map(({ epoch, index }) => {
          const rng = createRng(tinyContrastive().train.seed).fork('mask').fork(epoch, index);
          return [...patchMask({ kind: 'block', ratio: 6 / 16, minimumArea }, { rows: 4, columns: 4 }, rng).keep]; // floor(0.4 * 16)
        });
      expect(kept(1)).toEqual(drawn(1));
      expect(kept(6)).toEqual(drawn(6));
      expect(kept(6)).not.toEqual(kept(1));
    });
  });

  it('makes a model of its own: the student, with the texts of the teacher', async () => {
    await withTeacher(async (teacher) => {
      const { model, program } = uta.assemble(tiny(), teacher);
      const { params } = program.init(createRng(7));
      const opened = await reopened({ ...params, ...model.further?.({}) }, model.describe(tokenizer));
      const same = (a: Tensor, b: Tensor) => expect(a.dataSync()).toEqual(b.dataSync());
      tidy(() => {
        same(opened.encodeTexts(['a red ball']), teacher.encodeTexts(['a red ball']));
        const pixels = batchAt(0).global.slice(0, 16 * 16 * 3);
        const { cls } = opened.encodeImages(pixels, 1);
        expect(cls.shape).toEqual([1, 1, 16]);
        const tower = (opened.config as { tower: Parameters<typeof applyEvaVit>[0] }).tower;
        same(cls, applyEvaVit(tower, params.image, tensor4d(pixels, [1, 16, 16, 3])).cls);
        expect(countShapes(evaVitShapes(tower))).toBe(
          4 * 4 * 3 * 16 + 16 + 16 + 17 * 16 + 2 * blockNumbers(16, 24) + 32 + 16 * 16 + 16,
        );
      });
      opened.dispose();
      disposeTree(params);
    });
  });

  it.each([
    ['image.patchSize=4, or teacher.grid=resample', { image: { patchSize: 2 } }, {}],
    ['views.globalSize to 12 or 16', { views: { globalSize: 14 }, image: { patchSize: 7 } }, {}],
  ] as const)('says of a teacher that does not fit: %s', async (message, overrides, made) => {
    await withTeacher((teacher) => {
      expect(() => uta.assemble(tiny(overrides as Overrides), teacher)).toThrow(message);
    }, made);
  });

  it.each([siglip, siglipOpenClip, siglipBigVision])(
    'refuses a teacher whose patches are in another space than its texts: $name',
    async (family) => {
      await withTeacher((teacher) => {
        expect(() => uta.assemble(tiny(), { ...teacher, family } as OpenedModel)).toThrow(
          `the patches of the teacher (${family.name}) are in another space than its texts`,
        );
      });
    },
  );

  it('resamples the patches of a teacher of another grid where that is asked for', async () => {
    await withTeacher((teacher) => {
      tidy(() => {
        const { prepare } = uta.assemble(tiny({ image: { patchSize: 2 }, teacher: { grid: 'resample' } }), teacher);
        expect(prepare(undefined, batchAt(0)).targets.shape).toEqual([3, 1 + 64, 16]);
      });
    });
  });
});

/** Parameters of a block by the formula of spec and paper: two norms, q, k, v without a bias of k, projection, SwiGLU with sub-LN. */
function blockNumbers(width: number, hidden: number): number {
  return 4 * width + (4 * width * width + 3 * width) + (2 * (width * hidden + hidden) + 2 * hidden + hidden * width + width);
}

describe('bad settings', () => {
  it.each([
    [{ mask: { ratio: 1 } }, 'none of the 16 patches would be left'],
    [{ mask: { ratio: -0.1 } }, 'mask.ratio'],
    [{ mask: { kind: 'blok' as 'block' } }, 'mask.kind'],
    [{ mask: { minimumArea: 0 } }, 'mask.minimumArea'],
    [{ objective: 'mim', mask: { ratio: 0.05 } }, 'masks none of the 16'],
    [{ objective: 'utta' as 'uta' }, 'did you mean "uta"'],
    [{ teacher: { cache: true } }, 'views.flip=0 views.globalScale=[1,1] views.aspect=[1,1]'],
    [{ image: { width: 18 } }, 'multiple of 4 image.heads'],
    [{ views: { localCrops: 2 } }, 'views.localCrops'],
    [{ optimizer: { learningRate: -1 } }, 'optimizer.learningRate'],
  ] as const)('%o is refused', (overrides, message) => {
    expect(() => uta.check(tiny(overrides as Overrides))).toThrow(message);
  });

  it('asks for the teacher that presets do not name', () => {
    expect(() => uta.needs?.(uta.presets.tiny.config)).toThrow('--set teacher.model=');
  });
});

it('has the masks of the paper in its sizes: reversed blocks of at least 16 of 256 patches, 0.4 of them in B and half in the others', () => {
  for (const [name, ratio] of Object.entries({ 'B/14': 0.4, 'L/14': 0.5, 'g/14': 0.5 })) {
    expect(uta.presets[name].config.mask).toEqual({ kind: 'reversed-block', ratio, minimumArea: 16 });
  }
});
