import { readFileSync } from 'node:fs';
import {
  add,
  concat,
  engine,
  keep,
  mul,
  type Rank,
  type Scalar,
  slice,
  sum,
  type Tensor,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tidy,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import { countShapes, createRng, disposeTree, flattenTree } from '@vitrail/core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { type BatchNormStatistics, batchNorm, initBatchNormStatistics } from './batch-norm.ts';
import { barLipProjector, clipRocketProjector, siamLipPredictor, siamLipProjector, swaLipProjector } from './clip-rocket-mlps.ts';
import { applyMlp, initMlp, initMlpStatistics, type MlpConfig, mlpShapes } from './mlp.ts';

type Call = { x: number[]; output: number[]; gradients: number[][]; statistics: { mean: number[]; variance: number[] }[] };
type Case = { parameters: number[][]; calls: Call[] };
const reference: Record<'batch' | 'width' | 'hidden' | 'outputs', number> & Record<'affine' | 'plain' | 'mlp', Case> = JSON.parse(
  readFileSync(new URL('../fixtures/batch-norm.json', import.meta.url), 'utf8'),
);
const { batch, width, hidden, outputs } = reference;

/** The weights that PyTorch's gradients were taken with. */
function weights(rows: number, columns: number): Tensor2D {
  const values = Array.from({ length: rows * columns }, (_, i) => Math.sin(1.3 * i + 0.1 * i * i + 30));
  return tensor2d(values, [rows, columns]);
}

onBackend(['cpu', 'wasm'], () => {
  it.each(['affine', 'plain'] as const)(
    'batchNorm, %s: outputs, gradients and running statistics of torch.nn.BatchNorm1d, over two calls in training and one in evaluation',
    (name) => {
      tidy(() => {
        const { parameters, calls } = reference[name];
        const [scale, bias] = parameters.map((values) => tensor1d(values));
        const params = scale ? { scale, bias } : {};
        let statistics = initBatchNormStatistics(width);
        for (const [number, call] of calls.entries()) {
          const x = tensor2d(call.x, [batch, width]);
          const run = () => batchNorm(x, params, statistics, { training: number < 2 });
          const { grads } = engine().gradients(
            () => sum<Scalar>(mul(run().output, weights(batch, width))),
            [x, ...Object.values(params)],
          );
          call.gradients.forEach((expected, i) => {
            expectClose(grads[i], expected, 1e-5);
          });
          const { output, statistics: next } = run();
          expectClose(output, call.output, 1e-5);
          expectClose(next.mean, call.statistics[0].mean, 1e-6);
          expectClose(next.variance, call.statistics[0].variance, 1e-6);
          statistics = next;
        }
      });
    },
  );

  it('batchNorm: the gradients of finite differences, through mean and variance', () => {
    tidy(() => {
      const statistics = initBatchNormStatistics(3);
      expectGradient(
        (x, scale, bias) => batchNorm(x as Tensor2D, { scale, bias }, statistics, { training: true }).output,
        [sampleTensor<Rank.R2>([4, 3], 1), tensor1d([1, 2, -1]), tensor1d([0, 1, 2])],
      );
    });
  });

  it('batchNorm: a feature that never changes becomes its bias, with finite gradients', () => {
    tidy(() => {
      const x = concat([tensor2d([5, 5, 5], [3, 1]), tensor2d([1, 2, 4], [3, 1])], 1) as Tensor2D;
      const run = () => batchNorm(x, { bias: tensor1d([7, 0]) }, initBatchNormStatistics(2), { training: true }).output;
      expectClose(slice(run(), [0, 0], [3, 1]), [7, 7, 7]);
      const { grads } = engine().gradients(() => sum<Scalar>(mul(run(), weights(3, 2))), [x]);
      expect(grads[0].dataSync().every(Number.isFinite)).toBe(true);
    });
  });

  it('batchNorm: running statistics get no gradient, and those of evaluation are the ones given', () => {
    tidy(() => {
      const [x, statistics] = [sampleTensor<Rank.R2>([4, 3], 1), initBatchNormStatistics(3)];
      expect(batchNorm(x, {}, statistics, { training: false }).statistics).toBe(statistics);
      const { grads } = engine().gradients(
        () => {
          const { output, statistics: next } = batchNorm(x, {}, statistics, { training: true });
          return add(sum(output), mul(0, add(sum(next.mean), sum(next.variance)))) as Scalar;
        },
        [statistics.mean, statistics.variance],
        undefined,
        true,
      );
      for (const gradient of grads as (Tensor | undefined)[]) expect(gradient ?? null).toBeNull();
    });
  });

  it('applyMlp: outputs, gradients and statistics of the same layers in PyTorch, in training and evaluation', () => {
    tidy(() => {
      const config: MlpConfig = {
        width,
        layers: [
          { width: hidden, bias: false, norm: 'affine', activation: 'relu' },
          { width: outputs, bias: false, norm: 'plain' },
        ],
      };
      const [first, scale, bias, second] = reference.mlp.parameters;
      const kernels = [transpose(tensor2d(first, [hidden, width])), transpose(tensor2d(second, [outputs, hidden]))];
      const params = {
        0: { linear: { kernel: kernels[0] }, norm: { scale: tensor1d(scale), bias: tensor1d(bias) } },
        1: { linear: { kernel: kernels[1] } },
      };
      let statistics = initMlpStatistics(config);
      for (const [number, call] of reference.mlp.calls.entries()) {
        const x = tensor2d(call.x, [batch, width]);
        const run = () => applyMlp(config, params, statistics, x, { training: number === 0 });
        const learned = [x, kernels[0], params[0].norm.scale, params[0].norm.bias, kernels[1]];
        const { grads } = engine().gradients(() => sum<Scalar>(mul(run().output, weights(batch, outputs))), learned);
        call.gradients.forEach((expected, i) => {
          expectClose(grads[i].rank === 2 && i > 0 ? transpose(grads[i]) : grads[i], expected, 1e-5);
        });
        const { output, statistics: next } = run();
        expectClose(output, call.output, 1e-5);
        for (const layer of [0, 1]) {
          expectClose(next[layer].mean, call.statistics[layer].mean, 1e-6);
          expectClose(next[layer].variance, call.statistics[layer].variance, 1e-6);
        }
        statistics = next;
      }
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const config: MlpConfig = { width: 3, layers: [{ width: 4, norm: 'affine', activation: 'relu' }, { width: 2 }] };
      const [params, statistics, x] = [
        initMlp(config, createRng(0)),
        initMlpStatistics(config),
        sampleTensor<Rank.R2>([4, 3], 1),
      ];
      expectNoLeak(() => {
        const { output, statistics: next } = applyMlp(config, params, statistics, x, { training: true });
        return [output, next[0].mean, next[0].variance];
      });
      expectNoLeak(() => [applyMlp(config, params, statistics, x, { training: false }).output]);
    });
  });
});

it('batchNorm over two workers normalises by the statistics of both, and so are its gradients', () => {
  tidy(() => {
    const x = sampleTensor<Rank.R2>([4, 3], 1);
    const statistics = initBatchNormStatistics(3);
    const kept: Tensor[] = [];
    const whole = () => batchNorm(x, {}, statistics, { training: true });
    const split = () => {
      const halves = [0, 2].map((start) => slice(x, [start, 0], [2, 3]));
      // What both send to the first sum, then what they send to the second, which depends on the first.
      const sent: Tensor[][] = [[], []];
      let results: { output: Tensor2D; statistics: BatchNormStatistics }[] = [];
      for (let answered = 0; answered <= 2; answered++) {
        results = halves.map((half, rank) => {
          let call = 0;
          const exchange = <T extends Tensor>(own: T): T => {
            const number = call++;
            if (number < answered) return add<T>(sent[0][number], sent[1][number]);
            if (number === answered) sent[rank].push(keep(own));
            return own;
          };
          return batchNorm(half, {}, statistics, { training: true, allReduce: { workers: 2, sum: exchange } });
        });
      }
      kept.push(...sent.flat());
      return { output: concat(results.map(({ output }) => output)) as Tensor2D, statistics: results[1].statistics };
    };
    const [one, two] = [whole, split].map((run) => engine().gradients(() => sum<Scalar>(mul(run().output, weights(4, 3))), [x]));
    expectClose(two.value, one.value);
    expectClose(two.grads[0], one.grads[0]);
    expectClose(split().statistics.variance, whole().statistics.variance);
    for (const tensor of kept) tensor.dispose();
  });
});

describe('an MLP', () => {
  it('has the sizes of the projectors of CLIP-Rocket', () => {
    const count = (config: MlpConfig) => countShapes(mlpShapes(config));
    const layer = (inputs: number, size: number) => inputs * size;
    expect(count(clipRocketProjector(2048))).toBe(layer(2048, 4096) + layer(4096, 4096) + layer(4096, 256) + 6 * 4096 + 256);
    expect(count(barLipProjector(512))).toBe(layer(512, 3000) + layer(3000, 3000) + layer(3000, 8192) + 6 * 3000 + 3 * 8192);
    expect(count(siamLipProjector(512))).toBe(layer(512, 2048) + layer(2048, 128) + 2 * 2048);
    expect(count(siamLipPredictor())).toBe(layer(128, 2048) + layer(2048, 128) + 2 * 2048 + 128);
    expect(count(swaLipProjector(512))).toBe(layer(512, 2048) + layer(2048, 128) + 3 * 2048 + 128);
  });

  it("starts as PyTorch's layers, each parameter from its own stream", () => {
    const small = { width: 100, layers: [{ width: 40, norm: 'affine', activation: 'relu' } as const, { width: 50 }] };
    const params = initMlp(small, createRng(3));
    expect(Object.keys(flattenTree<Tensor>(params))).toEqual([
      '0.linear.kernel',
      '0.linear.bias',
      '0.norm.scale',
      '0.norm.bias',
      '1.linear.kernel',
      '1.linear.bias',
    ]);
    for (const [layer, limit] of [0.1, 1 / Math.sqrt(40)].entries()) {
      const { kernel, bias } = params[layer].linear;
      for (const tensor of [kernel, bias as Tensor]) {
        const largest = Math.max(...tensor.dataSync().map(Math.abs));
        expect(largest).toBeLessThanOrEqual(limit);
        expect(largest).toBeGreaterThan(0.9 * limit);
      }
    }
    expectClose(params[0].norm?.scale as Tensor, new Float32Array(40).fill(1));
    disposeTree(params);
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const statistics = initBatchNormStatistics(3);
    const x = sampleTensor<Rank.R2>([4, 3], 1);
    const training = { training: true };
    expect(() => batchNorm(slice(x, [0, 0], [1, 3]), {}, statistics, training)).toThrow(
      'at least two rows to normalise, but 1 came',
    );
    expect(() => batchNorm(x, { scale: zeros([2]) }, statistics, training)).toThrow('scale is [3], but [2] came');
    expect(() => batchNorm(x, {}, initBatchNormStatistics(2), training)).toThrow('mean is [3], but [2] came');
    expect(() => batchNorm(x, {}, statistics, { training: true, momentum: 2 })).toThrow('momentum lies in [0, 1], but 2 came');
    expect(() => initBatchNormStatistics(0)).toThrow('at least 1, but 0 came');
    const config: MlpConfig = { width: 3, layers: [{ width: 4, norm: 'plain' }] };
    const params = initMlp(config, createRng(0));
    expect(() => applyMlp(config, params, {}, x, training)).toThrow(
      'layer 0 has parameters and statistics, but no statistics came',
    );
    expect(() => applyMlp(config, {}, initMlpStatistics(config), x, training)).toThrow('but no parameters came');
    expect(() => applyMlp({ ...config, width: 2 }, params, {}, x, training)).toThrow('x is [B, 2], but [4, 3] came');
    expect(() => initMlp({ width: 3, layers: [] }, createRng(0))).toThrow('at least one layer');
    expect(() => initMlp({ width: 3, layers: [{ width: 0 }] }, createRng(0))).toThrow('at least 1, but 0 came');
  });
});
