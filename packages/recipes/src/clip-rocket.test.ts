import { add, memory, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng, disposeTree, flattenTree } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { columnStatistics, contrast, cosine, mean, mlp, product, type Rows, rowsOf } from '../test/by-hand.ts';
import { fiveStepsAndTwoAndThree } from '../test/exact-resume.ts';
import { rocketHostBatch, tinyRocket } from '../test/tiny-rocket.ts';
import { type AnySystem, disposeState, lossAndGradients, tokenizer, train } from '../test/tiny-system.ts';
import { reopened } from '../test/tiny-teacher.ts';
import { assembleClipRocket, clip, clipRocket, type RocketConfiguration, type RocketParams } from './index.ts';

/** A system, its start with projectors that are no longer as they started, and a batch. */
function started(config: RocketConfiguration) {
  const system = assembleClipRocket(config);
  const start = system.program.init(createRng(7));
  const batch = system.prepare(tokenizer, rocketHostBatch(config));
  return { ...system, start, batch, params: start.params as RocketParams };
}

/** The towers' features of every view, as numbers: `f` of the recipe. */
function featuresOf({ encoder, params, batch }: Pick<ReturnType<typeof started>, 'encoder' | 'params' | 'batch'>) {
  const pictures = (images: typeof batch.global) =>
    rowsOf(encoder.encodeImages(params.image, images).cls).flat() as unknown as Rows;
  const captions = (texts: typeof batch.texts) => rowsOf(encoder.encodeTexts(params.text, texts));
  const [strongImages, strongTexts] = batch.strong ? [pictures(batch.strong.images), captions(batch.strong.texts)] : [[], []];
  const views = (rows: Rows) => Array.from({ length: rows.length / 3 }, (_, a) => rows.slice(3 * a, 3 * a + 3));
  return {
    weak: { image: pictures(batch.global), text: captions(batch.texts) },
    strong: { image: views(strongImages), text: views(strongTexts) },
  };
}

describe('the loss', () => {
  it.each([
    ['avg', 1, 2],
    ['sum', 2, 2],
    ['avg', 1, 3],
  ] as const)(
    'by %s is %i times the weak pair and every strong one, each view normalised by itself; A = %i',
    (reduction, factor, views) => {
      tidy(() => {
        const system = started(tinyRocket({ loss: { reduction }, rocket: { views } }));
        const { terms, auxiliary, gradients } = lossAndGradients(system.program, system.start, system.batch);
        const { weak, strong } = featuresOf(system);
        const { weak: linear, strong: projectors } = system.params.projectors;
        const z = {
          image: product(weak.image, rowsOf(linear.image.kernel)),
          text: product(weak.text, rowsOf(linear.text.kernel)),
        };
        if (!projectors) throw new Error('no strong projectors');
        const h = {
          image: strong.image.map((view) => mlp(projectors.image, view).output),
          text: strong.text.map((view) => mlp(projectors.text, view).output),
        };
        const g = contrast(z.image, z.text, 1 / 0.07);
        const l = mean(h.image.flatMap((image) => h.text.map((text) => contrast(image, text, 10, 0.1))));
        expect(terms['loss/contrastive']).toBeCloseTo(g, 4);
        expect(terms['loss/strong']).toBeCloseTo(l, 4);
        expect(terms.loss).toBeCloseTo((factor * (g + views * l)) / (1 + views), 4);
        for (const [path, gradient] of Object.entries(gradients)) expect(gradient, path).not.toBe('none');

        // running' = 0.9 running + 0.1 batch (its variance over n - 1), once for every view in turn, from 0 and 1.
        for (const modality of ['image', 'text'] as const) {
          const perView = strong[modality].map((view) => mlp(projectors[modality], view).linear);
          for (const layer of [0, 1]) {
            const batches = perView.map((linears) => columnStatistics(linears[layer], 1));
            const moved = (start: number, of: 'mean' | 'variance') =>
              batches.reduce((running, batch) => running.map((v, j) => 0.9 * v + 0.1 * batch[of][j]), new Array(10).fill(start));
            expectClose(auxiliary[`statistics.${modality}.${layer}.mean`], moved(0, 'mean'), 1e-5);
            expectClose(auxiliary[`statistics.${modality}.${layer}.variance`], moved(1, 'variance'), 1e-5);
          }
        }
      });
    },
  );

  it('of A = 0 is that of clip, with linear maps behind the towers', () => {
    tidy(() => {
      const config = tinyRocket({ rocket: { views: 0, outputs: 16 } });
      const { program, start, batch, params, views } = started(config);
      expect(views).toEqual(config.views);
      expect(batch.strong).toBeUndefined();
      expect(start.carried).toEqual({});
      expect(Object.keys(params)).toEqual(['image', 'text', 'logitScale', 'projectors']);
      expect(Object.keys(flattenTree<Tensor>(params.projectors as never))).toEqual(['weak.image.kernel', 'weak.text.kernel']);
      // With maps that change nothing it is clip to the digit: on the captions that clip draws, of pictures that are normalised.
      const unit = rowsOf(params.projectors.weak.image.kernel).map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
      const kernel = add(unit as number[][], 0);
      const projectors = { weak: { image: { kernel }, text: { kernel } } };
      const { terms } = lossAndGradients(program, { ...start, params: { ...params, projectors } as never }, batch);
      const plain = clip.assemble(config);
      const clipBatch = plain.prepare(tokenizer, rocketHostBatch(config));
      const expected = plain.program.loss(params, {}, { ...clipBatch, global: batch.global }, 0).loss.dataSync()[0];
      expect(terms).toEqual({ loss: expect.closeTo(expected, 5), 'loss/contrastive': expect.closeTo(expected, 5) });
    });
  });

  it('of strong views through the weak projectors has their temperature too, and through linear ones no statistics', () => {
    tidy(() => {
      const together = started(tinyRocket({ rocket: { separate: false } }));
      expect(together.start.carried).toEqual({});
      const { terms } = lossAndGradients(together.program, together.start, together.batch);
      const { strong } = featuresOf(together);
      const { weak } = together.params.projectors;
      const pairs = strong.image.flatMap((image) =>
        strong.text.map((text) =>
          contrast(product(image, rowsOf(weak.image.kernel)), product(text, rowsOf(weak.text.kernel)), 1 / 0.07, 0.1),
        ),
      );
      expect(terms['loss/strong']).toBeCloseTo(mean(pairs), 4);

      const linear = started(tinyRocket({ rocket: { projector: 'linear' } }));
      expect(linear.start.carried).toEqual({});
      expect(linear.params.projectors.strong?.image[0].linear.kernel.shape).toEqual([16, 6]);
    });
  });
});

it('drops out of strong captions alone, the same at a step that is run again, and other numbers at another', () => {
  tidy(() => {
    const lossesOf = (textDropout: number, step: number) => {
      const { program, prepare, start } = started(tinyRocket({ rocket: { textDropout } }));
      const batch = prepare(tokenizer, { ...rocketHostBatch(tinyRocket()), step });
      const { metrics } = program.loss(start.params, start.carried, batch, step);
      return { weak: metrics['loss/contrastive'].dataSync()[0], strong: metrics['loss/strong'].dataSync()[0] };
    };
    const [none, some] = [lossesOf(0, 4), lossesOf(0.5, 4)];
    expect(some.weak).toBe(none.weak);
    expect(some.strong).not.toBe(none.strong);
    expect(lossesOf(0.5, 4)).toEqual(some);
    expect(lossesOf(0.5, 5).strong).not.toBe(some.strong);
  });
});

onBackend(['wasm'], () => {
  it('goes on from a checkpoint as if it had never stopped, and holds as many tensors after every step', async () => {
    const config = tinyRocket({ rocket: { textDropout: 0.2, stopWordRemoval: 0.8, textAugmentation: true } });
    const batchAt = (step: number) => rocketHostBatch(config, step);
    const system = clipRocket.assemble(config);
    const [atOnce, resumed] = await fiveStepsAndTwoAndThree(system as AnySystem, batchAt);
    expect(resumed).toEqual(atOnce);
    const alive: number[] = [];
    const state = train(
      system as AnySystem,
      config,
      5,
      ({ params }, { loss }) => {
        alive.push(memory().numTensors);
        expect(Number.isFinite(loss)).toBe(true);
        expect((params as RocketParams).strongLogitScale?.dataSync()[0]).toBeLessThanOrEqual(Math.log(100) + 1e-6);
      },
      batchAt,
    );
    expect(new Set(alive).size).toBe(1);
    const variances = Object.entries(flattenTree<Tensor>(state.carried)).filter(([path]) => path.endsWith('variance'));
    expect(variances.length).toBe(4);
    // 0.9^10 of the start is left after five steps of two views: the rest is what came by.
    for (const [path, variance] of variances) expect(variance.dataSync()[0], path).not.toBe(1);
    disposeState(state);
  });

  it.each([
    [0.5, 2],
    [0.3, 2],
    [0.3, 0],
  ])(
    'as a file gives w cos(z) + (1 - w) cos(h), w = %f, by running statistics, of CLS tokens, patches and texts; A = %i',
    async (weakShare, views) => {
      const config = tinyRocket({ rocket: { weakShare, views }, loss: { strongTemperature: 0.1 } });
      const system = assembleClipRocket(config);
      const state = train(system as AnySystem, config, 3, undefined, (step) => rocketHostBatch(config, step));
      const carried = state.carried as ReturnType<typeof system.program.init>['carried'];
      const params = state.params as RocketParams;
      const texts = ['a red ball', 'a cube on grass', 'blue'];
      const model = await reopened({ ...state.params, ...system.model.further?.(carried) }, system.model.describe(tokenizer));
      tidy(() => {
        const { batch, encoder } = { ...system, batch: system.prepare(tokenizer, rocketHostBatch(config)) };
        const { cls, patches } = encoder.encodeImages(params.image, batch.global);
        const tokens = { cls: rowsOf(cls).flat() as unknown as Rows, patches: rowsOf(patches).flat() as unknown as Rows };
        const captions = rowsOf(encoder.encodeTexts(params.text, batch.texts));
        const { weak, strong } = params.projectors;
        const heads = (x: Rows, modality: 'image' | 'text') => {
          const running = [0, 1].map((layer) => {
            const { mean: centre, variance } = carried.statistics?.[modality][layer] ?? { mean: cls, variance: cls };
            return { mean: centre.arraySync() as number[], variance: variance.arraySync() as number[] };
          });
          const z = product(x, rowsOf(weak[modality].kernel));
          return { z, h: strong ? mlp(strong[modality], x, { running }).output : z };
        };
        const encoded = model.encoders.image.encode(batch.global);
        expect(encoded.patches.shape).toEqual([3, 4, 4, views > 0 ? 12 : 6]);
        const [u, v] = [
          { cls: rowsOf(encoded.cls).flat() as unknown as Rows, patches: rowsOf(encoded.patches).flat(2) as unknown as Rows },
          rowsOf(model.encoders.text?.encode(batch.texts.ids, batch.texts.padding) as Tensor),
        ];
        const b = heads(captions, 'text');
        for (const kind of ['cls', 'patches'] as const) {
          const a = heads(tokens[kind], 'image');
          u[kind].forEach((row, i) => {
            expect(Math.hypot(...row)).toBeCloseTo(1, 4);
            const expected = b.z.map((_, j) => weakShare * cosine(a.z[i], b.z[j]) + (1 - weakShare) * cosine(a.h[i], b.h[j]));
            expected.forEach((similarity, j) => {
              expect(row.reduce((dot, value, k) => dot + value * v[j][k], 0)).toBeCloseTo(similarity, 4);
            });
          });
        }
        const again = model.encodeTexts(texts);
        expect(again.shape).toEqual([3, views > 0 ? 12 : 6]);
        // A picture comes to the tower as in training, but resized as the reference evaluates.
        const grey = model.prepare({ width: 16, height: 16, data: new Uint8Array(768).fill(128) }, 'reference');
        expect(grey[0]).toBeCloseTo((128 / 255 - 0.485) / 0.229, 5);
      });
      model.dispose();
      disposeState(state);
    },
  );
});

it.each([
  [{ rocket: { views: -1 } }, 'rocket.views is a whole number from 0'],
  [{ rocket: { views: 1.5 } }, 'rocket.views'],
  [{ rocket: { images: 'byol', views: 3 } }, 'rocket.images "byol" is two different views, so rocket.views is 2, but 3 came'],
  [{ rocket: { images: 'stron' as 'strong' } }, 'did you mean "strong"?'],
  [{ rocket: { stopWordRemoval: 1.1 } }, 'rocket.stopWordRemoval is a number from 0 to 1, but 1.1 came'],
  [{ rocket: { textDropout: -0.1 } }, 'rocket.textDropout is a number from 0 to 0.99, but -0.1 came'],
  [{ rocket: { textDropout: 1 } }, 'rocket.textDropout'],
  [{ rocket: { synonyms: ['dog'] as never } }, 'rocket.synonyms is a list of groups of words'],
  [{ rocket: { projector: 'mpl' as 'mlp' } }, 'did you mean "mlp"?'],
  [{ rocket: { hidden: 0 } }, 'rocket.hidden'],
  [{ rocket: { outputs: 0 } }, 'rocket.outputs'],
  [{ rocket: { weakShare: 2 } }, 'rocket.weakShare is a number from 0 to 1, but 2 came'],
  [{ loss: { strongTemperature: 0 } }, 'loss.strongTemperature'],
  [{ loss: { labelSmoothing: -0.1 } }, 'loss.labelSmoothing is a number from 0 to 1, but -0.1 came'],
  [{ loss: { reduction: 'mean' as 'avg' } }, 'loss.reduction is one of avg, sum, but "mean" came'],
  [{ train: { batchSize: 1 } }, 'train.batchSize is at least 2, because projectors normalise over the batch, but 1 came'],
] as [Parameters<typeof tinyRocket>[0], string][])('refuses %o', (settings, message) => {
  expect(() => clipRocket.check(tinyRocket(settings))).toThrow(message);
  expect(() => clipRocket.check(tinyRocket(settings))).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});

it('takes one CLS token, and a batch of 1 where nothing normalises', () => {
  const config = tinyRocket();
  expect(() =>
    clipRocket.check({ ...config, image: { ...config.image, clsTokens: 2 }, captions: { streams: [['alt'], ['alt']] } }),
  ).toThrow('image.clsTokens is 1');
  clipRocket.check(tinyRocket({ train: { batchSize: 1 }, rocket: { projector: 'linear' } }));
  clipRocket.check(tinyRocket({ train: { batchSize: 1 }, rocket: { views: 0 } }));
  expect(memory().numTensors).toBe(0);
});

it('has the constants of the paper: those of CC3M in small presets, of CC12M in the sizes of the papers', () => {
  for (const [name, { config }] of Object.entries(clipRocket.presets)) {
    const small = name === 'tiny' || name === 'small';
    expect(config.rocket).toMatchObject({
      views: 2,
      images: 'strong',
      stopWordRemoval: 0.8,
      textAugmentation: true,
      projector: 'mlp',
    });
    expect(config.views).toMatchObject({ globalScale: [0.5, 1], flip: 0, localCrops: 0 });
    expect(config.loss).toMatchObject({
      temperature: 0.07,
      strongTemperature: 0.1,
      labelSmoothing: 0.1,
      reduction: small ? 'avg' : 'sum',
    });
    expect(config.rocket.textDropout).toBe(small ? 0.2 : 0.05);
    if (!small) expect([config.rocket.hidden, config.rocket.outputs]).toEqual([4096, 256]);
  }
  const { params, carried } = assembleClipRocket(tinyRocket()).program.init(createRng(1));
  expect((params as RocketParams).strongLogitScale?.dataSync()[0]).toBeCloseTo(Math.log(10), 6);
  disposeTree(params, carried);
});
