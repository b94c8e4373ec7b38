import { matMul, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { createRng, flattenTree } from '@vitrail/core';
import { applyPrototypeHead, type PrototypeHeadParams } from '@vitrail/heads';
import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { pictures, tinyDino, tinyIbot } from '../test/tiny-image.ts';
import type { ImageBatch } from './batch.ts';
import { clsToken } from './contrastive-loss.ts';
import { imageTower } from './image-tower.ts';
import { type DinoConfiguration, type DinoParams, dino, type IbotBatch, type IbotParams, ibot } from './index.ts';
import { tokenRows } from './self-distillation.ts';

/** What a head scores a row of tokens, over all prototypes. */
function scoresOf(head: PrototypeHeadParams, tokens: Parameters<typeof applyPrototypeHead>[1]): number[][] {
  const { features, prototypes } = applyPrototypeHead(head, tokens);
  return matMul(features, prototypes).arraySync() as number[][];
}

function softmax(scores: readonly number[], temperature: number): number[] {
  const powers = scores.map((score) => Math.exp(score / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** Cross-entropy of a student's scores at 0.1 and a teacher's, from which a centre is taken, at 0.04. */
function crossEntropy(student: readonly number[], teacher: readonly number[], center: readonly number[]): number {
  const target = softmax(
    teacher.map((score, k) => score - center[k]),
    0.04,
  );
  const predicted = softmax(student, 0.1);
  return -target.reduce((sum, p, k) => sum + p * Math.log(predicted[k]), 0);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const centers = [
  Array.from({ length: 10 }, (_, k) => 0.05 * Math.sin(k)),
  Array.from({ length: 10 }, (_, k) => 0.05 * Math.cos(k)),
];

describe('dino', () => {
  /** Parameters, and a teacher that is another draw of them. */
  const start = (config: DinoConfiguration) => {
    const system = dino.assemble(config);
    const { params } = system.program.init(createRng(7)) as { params: DinoParams };
    const teacher = system.program.init(createRng(8)).params as DinoParams;
    const batch = system.prepare(undefined, pictures(config)) as ImageBatch;
    return { system, params, teacher, batch, tower: imageTower(config, { masks: false }) };
  };

  it('asks of every crop what the teacher says of each other large one, and of none what it says of itself', () => {
    tidy(() => {
      const { system, params, teacher, batch, tower } = start(tinyDino);
      const cls = (of: DinoParams, crops?: Tensor) =>
        scoresOf(of.heads.cls, clsToken(tower.encode(of.image, crops as typeof batch.global).cls, 0));
      const [whole, large, small] = [cls(teacher, batch.global), cls(params, batch.global), cls(params, batch.locals)];
      const terms = [0, 1, 2].flatMap((b) =>
        [0, 1].flatMap((u) =>
          [large[2 * b + 1 - u], small[2 * b], small[2 * b + 1]].map((student) =>
            crossEntropy(student, whole[2 * b + u], centers[0]),
          ),
        ),
      );
      expect(terms.length).toBe(3 * 2 * 3);
      const carried = { teacher, centers: { cls: tensor1d(centers[0]) } };
      const { loss, metrics, auxiliary } = system.program.loss(params, carried, batch, 0);
      expect(loss.dataSync()[0]).toBeCloseTo(mean(terms), 3);
      expect(Object.keys(metrics)).toEqual(['loss/dino']);
      // The centre moves a tenth of the way to the mean score.
      const moved = centers[0].map((old, k) => 0.9 * old + 0.1 * mean(whole.map((row) => row[k])));
      expectClose([...(auxiliary.cls as Tensor).dataSync()], moved, 1e-5);
    });
  });

  it('asks of local crops alone where there is one large one', () => {
    tidy(() => {
      const config = { ...tinyDino, views: { ...tinyDino.views, globalCrops: 1 } };
      const { system, params, teacher, batch, tower } = start(config);
      const whole = scoresOf(teacher.heads.cls, clsToken(tower.encode(teacher.image, batch.global).cls, 0));
      const small = scoresOf(params.heads.cls, clsToken(tower.encode(params.image, batch.locals as typeof batch.global).cls, 0));
      const terms = small.map((student, row) => crossEntropy(student, whole[Math.floor(row / 2)], centers[0]));
      const { loss } = system.program.loss(params, { teacher, centers: { cls: tensor1d(centers[0]) } }, batch, 0);
      expect(loss.dataSync()[0]).toBeCloseTo(mean(terms), 3);
    });
  });

  it('spreads CLS tokens of different pictures by KoLeo, where it has a weight', () => {
    tidy(() => {
      const config = { ...tinyDino, loss: { ...tinyDino.loss, koLeoWeight: 0.1 } };
      const { system, params, teacher, batch, tower } = start(config);
      const cls = clsToken(tower.encode(params.image, batch.global).cls, 0).arraySync();
      const unit = (v: number[]) => v.map((x) => x / Math.hypot(...v));
      const terms = [0, 1].flatMap((crop) => {
        const rows = [0, 1, 2].map((b) => unit(cls[2 * b + crop]));
        return rows.map(
          (x, i) => -Math.log(Math.min(...rows.filter((_, j) => j !== i).map((y) => Math.hypot(...x.map((v, k) => v - y[k]))))),
        );
      });
      const { loss, metrics } = system.program.loss(params, { teacher, centers: { cls: tensor1d(centers[0]) } }, batch, 0);
      const [total, crops, spread] = [loss, metrics['loss/dino'], metrics['loss/koleo']].map((term) => term.dataSync()[0]);
      expect(spread).toBeCloseTo(mean(terms), 3);
      expect(total).toBeCloseTo(crops + 0.1 * spread, 5);
    });
  });

  it('starts with a teacher that is the student, and follows it by the momentum', () => {
    tidy(() => {
      const { system } = start(tinyDino);
      const { params, carried } = system.program.init(createRng(7));
      const values = (tree: typeof params) => flattenTree<Tensor>(tree);
      for (const [path, tensor] of Object.entries(values(carried.teacher as typeof params))) {
        expect(tensor.dataSync()).toEqual(values(params)[path].dataSync());
      }
      const other = system.program.init(createRng(8)).params;
      const { teacher } = system.program.carry(carried, other, { cls: tensor1d(centers[0]) }, 0);
      const path = 'heads.cls.trunk.fc1.kernel';
      const [old, recent] = [values(params)[path].dataSync(), values(other)[path].dataSync()];
      expectClose(
        [...flattenTree<Tensor>(teacher)[path].dataSync()],
        [...old].map((x, i) => 0.9 * x + 0.1 * recent[i]),
        1e-6,
      );
    });
  });
});

describe('ibot', () => {
  it('adds, of the hidden patches of every masked crop, what the teacher says of them', () => {
    tidy(() => {
      const system = ibot.assemble(tinyIbot);
      const { params } = system.program.init(createRng(7)) as { params: IbotParams };
      const teacher = system.program.init(createRng(8)).params as IbotParams;
      const batch = system.prepare(undefined, pictures(tinyIbot)) as IbotBatch;
      const tower = imageTower(tinyIbot, { masks: true });
      const mask = batch.mask.arraySync();
      const counts = mask.map((bits) => bits.reduce((sum, bit) => sum + bit, 0));
      expect(counts.some((count) => count === 0)).toBe(true); // Some crops are not masked,
      expect(counts.every((count) => count === 0 || (count >= 4 && count <= 8))).toBe(true); // others by a quarter to a half.
      const whole = tower.encode(teacher.image, batch.global);
      const seen = tower.encode(params.image, batch.global, { mask: batch.mask });
      const small = tower.encode(params.image, batch.locals as typeof batch.global);
      const of = (head: PrototypeHeadParams, { cls, patches }: typeof whole) => ({
        cls: scoresOf(head, clsToken(cls, 0)),
        patches: scoresOf(head, tokenRows(patches)),
      });
      const [t, s, l] = [of(teacher.heads.shared, whole), of(params.heads.shared, seen), of(params.heads.shared, small)];
      const crops = [0, 1, 2].flatMap((b) =>
        [0, 1].flatMap((u) =>
          [s.cls[2 * b + 1 - u], l.cls[2 * b], l.cls[2 * b + 1]].map((student) =>
            crossEntropy(student, t.cls[2 * b + u], centers[0]),
          ),
        ),
      );
      const patches = mask.map((bits, crop) => {
        const terms = bits.flatMap((bit, i) =>
          bit ? [crossEntropy(s.patches[16 * crop + i], t.patches[16 * crop + i], centers[1])] : [],
        );
        return terms.length === 0 ? 0 : mean(terms);
      });
      const carried = { teacher, centers: { cls: tensor1d(centers[0]), patch: tensor1d(centers[1]) } };
      const { loss, metrics, auxiliary } = system.program.loss(params, carried, batch, 0);
      expect(metrics['loss/dino'].dataSync()[0]).toBeCloseTo(mean(crops), 3);
      expect(metrics['loss/patch'].dataSync()[0]).toBeCloseTo(mean(patches), 3);
      expect(loss.dataSync()[0]).toBeCloseTo(mean(crops) + 2 * mean(patches), 3);
      const spreading = ibot.assemble({ ...tinyIbot, loss: { ...tinyIbot.loss, koLeoWeight: 0.1 } });
      const { loss: total, metrics: terms } = spreading.program.loss(params, carried, batch, 0);
      const [more, spread] = [total, terms['loss/koleo']].map((term) => term.dataSync()[0]);
      expect(more - loss.dataSync()[0]).toBeCloseTo(0.1 * spread, 4);
      const moved = centers[1].map((old, k) => 0.9 * old + 0.1 * mean(t.patches.map((row) => row[k])));
      expectClose([...(auxiliary.patch as Tensor).dataSync()], moved, 1e-5);
    });
  });
});
