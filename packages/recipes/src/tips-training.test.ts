import { memory, setBackend, type Tensor } from '@tensorflow/tfjs-core';
import { countParameters, flattenTree, type TensorTree } from '@vitrail/core';
import { trainingParameterCount } from '@vitrail/ema';
import { expectClose, onBackend, peakBytes } from '@vitrail/testing';
import type { TrainState } from '@vitrail/train';
import { describe, expect, it } from 'vitest';
import { disposeState, hostBatch, tiny, tokenizer, train } from '../test/tiny-system.ts';
import { assembleTips, type TipsConfiguration } from './index.ts';

/** Runs `steps` steps and gives the metrics of each. */
function metricsOf(config: TipsConfiguration, steps: number): Record<string, number>[] {
  const rows: Record<string, number>[] = [];
  disposeState(train(assembleTips(config), config, steps, (_, metrics) => rows.push(metrics)));
  return rows;
}

/** Copies of the numbers of a tree, by path. */
function numbers(tree: TensorTree): Record<string, Float32Array> {
  const leaves = Object.entries(flattenTree<Tensor>(tree));
  return Object.fromEntries(leaves.map(([path, leaf]) => [path, Float32Array.from(leaf.dataSync())]));
}

const finite = (values: Record<string, number>) => Object.values(values).every(Number.isFinite);

// The faster of the two backends that run everywhere; that they agree is one of the tests.
onBackend(['wasm'], () => {
  describe('a run', () => {
    it('repeats exactly, and differs with the seed', () => {
      const first = metricsOf(tiny(), 5);
      expect(metricsOf(tiny(), 5)).toEqual(first);
      expect(metricsOf(tiny({ train: { seed: 8 } }), 1)[0].loss).not.toBe(first[0].loss);
    });

    it('is the same on wasm as on cpu', async () => {
      const onWasm = metricsOf(tiny(), 5);
      await setBackend('cpu');
      try {
        metricsOf(tiny(), 5).forEach((row, step) => {
          expect(Object.keys(onWasm[step])).toEqual(Object.keys(row));
          expectClose(Object.values(onWasm[step]), Object.values(row), 1e-4);
        });
      } finally {
        await setBackend('wasm');
      }
    });

    it('is the same, gradients and all, when blocks run again in the backward pass, of which less is in memory', () => {
      const deep = (remat: boolean) => tiny({ image: { depth: 6 }, train: { remat } });
      const run = (remat: boolean) => {
        const config = deep(remat);
        const rows: Record<string, number>[] = [];
        let params: Record<string, Float32Array> = {};
        const peak = peakBytes(() => {
          const state = train(assembleTips(config), config, 3, (_, metrics) => rows.push(metrics));
          params = numbers(state.params);
          disposeState(state);
        });
        return { rows, params, peak };
      };
      const [kept, again] = [run(false), run(true)];
      expect(again.rows).toEqual(kept.rows);
      expect(again.params).toEqual(kept.params);
      expect(again.peak).toBeLessThan(0.8 * kept.peak);
    });

    it('logs every term, by the names of metrics.jsonl', () => {
      const [row] = metricsOf(tiny(), 1);
      const terms = ['loss/contrastive', 'loss/dino', 'loss/patch', 'patch/masked', 'patch/visible'];
      expect(Object.keys(row).sort()).toEqual(['gradientNorm', 'loss', ...terms]);
      expect(finite(row)).toBe(true);
    });

    it('holds as many tensors after 30 steps as after one', () => {
      const alive: number[] = [];
      disposeState(train(assembleTips(tiny()), tiny(), 30, () => alive.push(memory().numTensors)));
      expect(new Set(alive).size).toBe(1);
    });
  });

  describe('the teacher', () => {
    it('of TIPSv2 has averaged heads and no encoder, and follows momentum * old + (1 - momentum) * new', () => {
      const config = tiny({ teacher: { momentum: { from: 0.9, to: 0.9 } } });
      const system = assembleTips(config);
      let before: Record<string, Float32Array> = {};
      const state = train(system, config, 2, ({ carried, step }) => {
        if (step === 1) before = numbers(carried.teacher as TensorTree);
      });
      const averaged = numbers(state.carried.teacher as TensorTree);
      const student = numbers(state.params);
      expect(Object.keys(averaged)).toEqual(Object.keys(student).filter((path) => path.startsWith('heads.')));
      for (const [path, values] of Object.entries(averaged)) {
        expectClose(
          values,
          before[path].map((old, i) => 0.9 * old + 0.1 * student[path][i]),
          1e-6,
        );
      }
      disposeState(state);
    });

    it.each(['heads', 'full', 'none'] as const)(
      'of policy %s trains as many numbers as it should, and stays finite',
      (policy) => {
        const config = tiny({ teacher: { policy } });
        const rows: Record<string, number>[] = [];
        const state = train(assembleTips(config), config, 3, (_, metrics) => rows.push(metrics));
        expect(rows.every(finite)).toBe(true);
        const { image, text, heads } = state.params as typeof state.params & { heads: TensorTree };
        const counts = {
          image: countParameters(image),
          text: countParameters(text),
          heads: countParameters(heads),
          temperature: 1,
        };
        // Of policy none the tree is empty.
        const teacher = (state.carried as { teacher: TensorTree }).teacher;
        expect(countParameters(state.params) + countParameters(teacher)).toBe(trainingParameterCount(policy, counts));
        if (policy === 'full') expect(numbers(teacher)['image.cls']).not.toEqual(numbers(state.params)['image.cls']);
        disposeState(state);
      },
    );
  });

  describe('centres', () => {
    it("are 0.9 old + 0.1 mean of the teacher's scores, and enter the targets of the next step only", () => {
      const [slow, fast] = [0.9, 0.5].map((centerMomentum) => {
        const config = tiny({ loss: { centerMomentum } });
        const centers: Record<string, Float32Array>[] = [];
        const rows: Record<string, number>[] = [];
        const after = ({ carried }: TrainState, metrics: Record<string, number>) => {
          centers.push(numbers(carried.centers as TensorTree));
          rows.push(metrics);
        };
        disposeState(train(assembleTips(config), config, 2, after));
        return { centers, rows };
      });
      // From zeros, the first centres are 0.1 and 0.5 of the same mean; nothing of the first step knows of them.
      for (const name of ['cls', 'patch']) {
        expect(Math.max(...slow.centers[0][name].map(Math.abs))).toBeGreaterThan(1e-4);
        expectClose(
          fast.centers[0][name],
          slow.centers[0][name].map((value) => 5 * value),
          1e-6,
        );
      }
      expect(fast.rows[0]).toEqual(slow.rows[0]);
      // The second starts from the same parameters: only what has targets differs.
      expect(fast.rows[1]['loss/contrastive']).toBe(slow.rows[1]['loss/contrastive']);
      expect(fast.rows[1]['loss/patch']).not.toBe(slow.rows[1]['loss/patch']);
      expect(fast.rows[1]['loss/dino']).not.toBe(slow.rows[1]['loss/dino']);
    });
  });

  describe('guards', () => {
    it('keep the prototypes bit by bit while they rest, then let them move', () => {
      const config = tiny({ heads: { frozenSteps: 2 } });
      const system = assembleTips(config);
      const path = 'heads.patch.prototypes.directions';
      const seen: Float32Array[] = [];
      disposeState(train(system, config, 3, ({ params }) => seen.push(numbers(params)[path])));
      expect(seen[1]).toEqual(seen[0]);
      expect(seen[2]).not.toEqual(seen[1]);
      const others = ['heads.patch.trunk.fc1.kernel', 'image.cls', 'logitScale'];
      expect(others.every((other) => system.program.trains?.(other, 0))).toBe(true);
    });

    it('keep the temperature between its minimum and 1, whatever the learning rate', () => {
      const config = tiny({ optimizer: { learningRate: 100, warmupSteps: 0 } });
      const scales: number[] = [];
      disposeState(train(assembleTips(config), config, 3, ({ params }) => scales.push(params.logitScale.dataSync()[0])));
      const highest = Math.fround(Math.log(1 / 0.005));
      for (const scale of scales) expect(scale >= 0 && scale <= highest).toBe(true);
      // The guard was needed: a rate of 100 takes the scale to one of its ends.
      expect([0, highest]).toContain(scales[0]);
    });
  });

  describe('prepare', () => {
    it('draws masks of exactly round(ratio N) patches, by (seed, epoch, index) alone', () => {
      const config = tiny({ mask: { ratio: 0.6 } }); // round(9.6) = 10 of 16
      const { prepare, release } = assembleTips(config);
      const before = memory().numTensors;
      const masks = (seed: number, step: number) => {
        const batch = assembleTips(tiny({ mask: { ratio: 0.6 }, train: { seed } })).prepare(tokenizer, hostBatch(config, step));
        const bits = batch.mask.arraySync();
        release(batch);
        return bits;
      };
      expect(masks(7, 0).map((row) => row.reduce((sum, bit) => sum + bit))).toEqual([10, 10, 10]);
      expect(masks(7, 0)).toEqual(masks(7, 0));
      expect(masks(7, 1)).not.toEqual(masks(7, 0));
      expect(masks(8, 0)).not.toEqual(masks(7, 0));
      // Rows do not depend on who else is in the batch.
      const { samples, ...views } = hostBatch(config);
      const alone = prepare(tokenizer, {
        ...views,
        global: views.global.slice(0, 768),
        locals: views.locals.slice(0, 384),
        samples: samples.slice(0, 1),
      });
      expect(alone.mask.arraySync()).toEqual(masks(7, 0).slice(0, 1));
      release(alone);
      expect(memory().numTensors, 'release leaves nothing').toBe(before);
    });
  });

  describe('start', () => {
    it('gives the teacher exact copies, zero centres, and blocks that are not each other', () => {
      const config = tiny();
      const system = assembleTips(config);
      const state = train(system, config, 0);
      const [student, carried] = [numbers(state.params), numbers(state.carried)];
      for (const [path, values] of Object.entries(student)) {
        if (path.startsWith('heads.')) expect(carried[`teacher.${path}`]).toEqual(values);
      }
      for (const center of ['centers.cls', 'centers.patch']) expect(carried[center]).toEqual(new Float32Array(10));
      expect(student['heads.cls.trunk.fc1.kernel']).not.toEqual(student['heads.patch.trunk.fc1.kernel']);
      expect(student.logitScale[0]).toBeCloseTo(Math.log(1 / 0.07), 5);
      disposeState(state);
    });
  });
});
