import { add, memory, type Tensor, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { createRng, flattenTree, mapTree, type TensorTree } from '@vitrail/core';
import type { MlpParams } from '@vitrail/heads';
import { swaLip } from '@vitrail/losses';
import { onBackend } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { cosine, mean, mlp, type Rows, rowsOf } from '../test/by-hand.ts';
import { fiveStepsAndTwoAndThree } from '../test/exact-resume.ts';
import { rocketHostBatch, tinyRocket } from '../test/tiny-rocket.ts';
import { type AnySystem, disposeState, lossAndGradients, tokenizer, train } from '../test/tiny-system.ts';
import { reopened } from '../test/tiny-teacher.ts';
import { barlip, byolip, type RocketCarried, type RocketParams, type RocketSystem, siamlip, swalip } from './index.ts';

type Overrides = Parameters<typeof tinyRocket>[0];

const siam = { hidden: 9, outputs: 5 };
const bar = { hidden: 9, outputs: 7, weight: 0.025, offDiagonal: 0.005 };
const swal = { weight: 0.2, targetTemperature: 0.05, iterations: 3 };
const configOf = {
  siamlip: (overrides?: Overrides) => ({ ...tinyRocket(overrides), siam }),
  byolip: (overrides?: Overrides) => ({ ...tinyRocket(overrides), siam, teacher: { momentum: 0.99 } }),
  barlip: (overrides?: Overrides) => ({ ...tinyRocket(overrides), bar }),
  swalip: (overrides: Overrides = {}) => ({
    ...tinyRocket({ ...overrides, loss: { labelSmoothing: 0, ...overrides.loss } }),
    swal,
  }),
};
const systemOf = {
  siamlip: (overrides?: Overrides) => siamlip.assemble(configOf.siamlip(overrides)),
  byolip: (overrides?: Overrides) => byolip.assemble(configOf.byolip(overrides)),
  barlip: (overrides?: Overrides) => barlip.assemble(configOf.barlip(overrides)),
  swalip: (overrides?: Overrides) => swalip.assemble(configOf.swalip(overrides)),
};
const names = ['siamlip', 'byolip', 'barlip', 'swalip'] as const;

/** Terms and gradients of a system at its start, and the features of its views as numbers. */
function started(system: RocketSystem, overrides?: Overrides) {
  const config = tinyRocket(overrides);
  const start = system.program.init(createRng(7));
  const batch = system.prepare(tokenizer, rocketHostBatch(config));
  const { image, text, heads } = start.params as RocketParams;
  const pictures = (images: typeof batch.global) =>
    rowsOf(system.encoder.encodeImages(image, images).cls).flat() as unknown as Rows;
  const captions = (texts: typeof batch.texts) => rowsOf(system.encoder.encodeTexts(text, texts));
  const features = {
    image: [pictures(batch.global), ...thirds(batch.strong ? pictures(batch.strong.images) : [])],
    text: [captions(batch.texts), ...thirds(batch.strong ? captions(batch.strong.texts) : [])],
  };
  return { ...lossAndGradients(system.program, start, batch), start, batch, features, heads: heads as unknown };
}

const thirds = (rows: Rows): Rows[] => Array.from({ length: rows.length / 3 }, (_, a) => rows.slice(3 * a, 3 * a + 3));

/** View 0 with view 0, and every other with every other. */
const pairsOf = (views: number): [number, number][] => {
  const strong = Array.from({ length: views }, (_, a) => a + 1);
  return [[0, 0], ...strong.flatMap((a) => strong.map((b): [number, number] => [a, b]))];
};

describe('the further term', () => {
  it.each([0, 2])('of siamlip predicts from every view the projection of the other modality; A = %i', (views) => {
    tidy(() => {
      const overrides = { rocket: { views } };
      const { terms, gradients, features, heads } = started(systemOf.siamlip(overrides), overrides);
      const { projector, predictor } = heads as Record<'projector' | 'predictor', Record<'image' | 'text', MlpParams>>;
      const v = {
        image: features.image.map((view) => mlp(projector.image, view, { plain: true }).output),
        text: features.text.map((view) => mlp(projector.text, view, { plain: true }).output),
      };
      const p = {
        image: v.image.map((view) => mlp(predictor.image, view).output),
        text: v.text.map((view) => mlp(predictor.text, view).output),
      };
      const distance = (a: Rows, b: Rows) => mean(a.map((row, i) => 2 - 2 * cosine(row, b[i])));
      const all = pairsOf(views).flatMap(([a, b]) => [distance(p.image[a], v.text[b]), distance(p.text[a], v.image[b])]);
      expect(terms['loss/siamlip']).toBeCloseTo(mean(all), 4);
      expect(terms.loss).toBeCloseTo(terms['loss/clip'] + terms['loss/siamlip'], 5);
      for (const [path, gradient] of Object.entries(gradients)) expect(gradient, path).not.toBe('none');
    });
  });

  it.each([0, 2])('of barlip wants the correlations of the two modalities to be those of the unit matrix; A = %i', (views) => {
    tidy(() => {
      const overrides = { rocket: { views } };
      const { terms, gradients, features, heads } = started(systemOf.barlip(overrides), overrides);
      const projectors = heads as Record<'image' | 'text', MlpParams>;
      const v = {
        image: features.image.map((view) => mlp(projectors.image, view).output),
        text: features.text.map((view) => mlp(projectors.text, view).output),
      };
      const ofPair = ([a, b]: [number, number]) => {
        let sum = 0;
        for (let d = 0; d < bar.outputs; d++) {
          for (let e = 0; e < bar.outputs; e++) {
            const correlation = mean(v.image[a].map((row, i) => row[d] * v.text[b][i][e]));
            sum += d === e ? (correlation - 1) ** 2 : 0.005 * correlation ** 2;
          }
        }
        return 0.025 * sum;
      };
      expect(terms['loss/barlip']).toBeCloseTo(mean(pairsOf(views).map(ofPair)), 4);
      expect(terms.loss).toBeCloseTo(terms['loss/clip'] + terms['loss/barlip'], 5);
      for (const [path, gradient] of Object.entries(gradients)) expect(gradient, path).not.toBe('none');
    });
  });

  it('of swalip is a fifth of the swapped assignments of the strong views, and has no parameters', () => {
    tidy(() => {
      const system = systemOf.swalip();
      const { terms, features, start } = started(system, { loss: { labelSmoothing: 0 } });
      expect(Object.keys(start.params)).not.toContain('heads');
      const { projectors, strongLogitScale } = start.params as RocketParams;
      const h = (modality: 'image' | 'text') =>
        features[modality].slice(1).map((view) => {
          return tensor2d(mlp(projectors.strong?.[modality] as MlpParams, view).output as number[][]);
        }) as unknown as readonly [Tensor2D, Tensor2D];
      const expected = swaLip({ images: h('image'), texts: h('text') }, strongLogitScale as never);
      expect(terms['loss/swalip']).toBeCloseTo(0.2 * mean([...expected.dataSync()]), 4);
      expect(terms.loss).toBeCloseTo(terms['loss/clip'] + terms['loss/swalip'], 5);
    });
  });

  it('of byolip starts as that of siamlip, and has its targets from a copy that follows', () => {
    tidy(() => {
      const [one, other] = [started(systemOf.siamlip()), started(systemOf.byolip())];
      expect(other.terms['loss/byolip']).toBeCloseTo(one.terms['loss/siamlip'], 5);
      const { program, model } = systemOf.byolip();
      const { start, batch } = other;
      // No gradient reaches the copy.
      const { momentum } = start.carried as RocketCarried;
      const { gradients } = lossAndGradients(program, start, batch, { of: momentum as unknown as TensorTree });
      for (const [path, gradient] of Object.entries(gradients)) expect(gradient, path).toBe('none');
      // It moves by a hundredth of the way to what the parameters have become.
      const moved = mapTree(start.params, (leaf) => add(leaf, 1));
      const { momentum: next } = program.carry(start.carried, moved, {}, 0) as RocketCarried;
      const [before, after] = [momentum, next].map((tree) => flattenTree<Tensor>(tree as unknown as TensorTree));
      expect(Object.keys(after).filter((path) => path.startsWith('heads.')).length).toBeGreaterThan(0);
      for (const [path, leaf] of Object.entries(after)) {
        const value = before[path].dataSync()[0];
        expect(leaf.dataSync()[0], path).toBeCloseTo(0.99 * value + 0.01 * (value + 1), 5);
      }
      expect(model.further?.(start.carried)).not.toHaveProperty('momentum');
      // With other targets the loss is another.
      const { terms } = lossAndGradients(program, { ...start, carried: { ...start.carried, momentum: next } as never }, batch);
      expect(terms['loss/byolip']).not.toBe(other.terms['loss/byolip']);
      expect(terms['loss/clip']).toBe(other.terms['loss/clip']);
    });
  });
});

onBackend(['wasm'], () => {
  it.each(names)(
    '%s goes on from a checkpoint as if it had never stopped, leaks nothing, and its model is read without its heads',
    async (name) => {
      const overrides = { rocket: { textDropout: 0.2 } };
      const config = configOf[name](overrides);
      const system = systemOf[name](overrides);
      const batchAt = (step: number) => rocketHostBatch(config, step);
      const [atOnce, resumed] = await fiveStepsAndTwoAndThree(system as unknown as AnySystem, batchAt);
      expect(resumed).toEqual(atOnce);

      const alive: number[] = [];
      const track = (_: unknown, { loss }: Record<string, number>) => {
        alive.push(memory().numTensors);
        expect(Number.isFinite(loss)).toBe(true);
      };
      const state = train(system as unknown as AnySystem, config, 5, track, batchAt);
      expect(new Set(alive).size).toBe(1);
      const carried = state.carried as Parameters<NonNullable<typeof system.model.further>>[0];
      const model = await reopened({ ...state.params, ...system.model.further?.(carried) }, system.model.describe(tokenizer));
      expect(Object.keys(model.params).sort()).toEqual(['image', 'projectors', 'statistics', 'text']);
      tidy(() => {
        expect(model.encodeTexts(['a red ball']).shape).toEqual([1, 12]);
      });
      model.dispose();
      disposeState(state);
    },
  );
});

it.each([
  ['siamlip', { ...configOf.siamlip(), siam: { hidden: 0, outputs: 5 } }, 'siam.hidden'],
  ['siamlip', { ...configOf.siamlip({ rocket: { views: 0 }, train: { batchSize: 1 } }) }, 'train.batchSize is at least 2'],
  ['byolip', { ...configOf.byolip(), teacher: { momentum: 1.5 } }, 'teacher.momentum is a number from 0 to 1, but 1.5 came'],
  ['barlip', { ...configOf.barlip(), bar: { ...bar, offDiagonal: -1 } }, 'bar.offDiagonal'],
  ['barlip', { ...configOf.barlip(), bar: { ...bar, weight: -1 } }, 'bar.weight'],
  ['swalip', configOf.swalip({ rocket: { views: 3 } }), 'rocket.views is 2, two views that predict each other, but 3 came'],
  ['swalip', configOf.swalip({ loss: { labelSmoothing: 0.1 } }), 'loss.labelSmoothing is 0 beside assignments, but 0.1 came'],
  ['swalip', { ...configOf.swalip(), swal: { ...swal, iterations: 0 } }, 'swal.iterations'],
] as const)('%s refuses %o', (name, config, message) => {
  const { check } = { siamlip, byolip, barlip, swalip }[name];
  expect(() => check(config as never)).toThrow(message);
  expect(() => check(config as never)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});

it('has the sizes and constants of the paper', () => {
  const size = 'B/14';
  expect(siamlip.presets[size].config.siam).toEqual({ hidden: 2048, outputs: 128 });
  expect(byolip.presets[size].config).toMatchObject({ siam: { hidden: 2048, outputs: 128 }, teacher: { momentum: 0.99 } });
  expect(barlip.presets[size].config.bar).toEqual({ hidden: 3000, outputs: 8192, weight: 0.025, offDiagonal: 0.005 });
  for (const { config } of Object.values(swalip.presets)) expect(config).toMatchObject({ loss: { labelSmoothing: 0 }, swal });
});
