import {
  add,
  engine,
  mean,
  mul,
  ones,
  type Rank,
  type Scalar,
  scalar,
  sum,
  type Tensor2D,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { contrastiveReference, goldRows, referencePair } from '../test/references.ts';
import { sigmoidContrastive } from './sigmoid-contrastive.ts';

const matrix = (rows: number, columns: number, seed: number) => sampleTensor<Rank.R2>([rows, columns], seed);
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

onBackend(['cpu', 'wasm'], () => {
  it("has SigLIP's loss as its mean over rows: gold values", () => {
    tidy(() => {
      const loss = (bias: number) => mean(sigmoidContrastive(goldRows(0.3), goldRows(1.1), scalar(Math.log(10)), scalar(bias)));
      expectClose(loss(-10), [3.3276451549], 1e-6);
      expectClose(loss(0), [6.4872798441], 1e-6);
    });
  });

  it("has the value and gradients of OpenCLIP's SigLipLoss, on rows of any length", () => {
    tidy(() => {
      const [images, texts] = referencePair();
      const [logitScale, bias] = [scalar(contrastiveReference.logitScale[0]), scalar(contrastiveReference.bias[0])];
      const { loss, gradients } = contrastiveReference.sigmoid;
      const { value, grads } = engine().gradients(
        () => mean<Scalar>(sigmoidContrastive(images, texts, logitScale, bias)),
        [images, texts, logitScale, bias],
      );
      expectClose(value, [loss], 1e-6);
      grads.forEach((gradient, i) => {
        expectClose(gradient, gradients[i], 2e-6);
      });
    });
  });

  it('is the same, gradients included, for as many texts at a time as you like', () => {
    tidy(() => {
      const inputs = [goldRows(0.3), goldRows(1.1), scalar(Math.log(10)), scalar(-10)] as const;
      const [whole, ...chunked] = [4, 3, 2, 1].map((chunkTexts) =>
        engine().gradients(() => sum<Scalar>(sigmoidContrastive(...inputs, { chunkTexts })), [...inputs]),
      );
      expectClose(whole.value, [4 * 3.3276451549], 1e-6);
      for (const { value, grads } of chunked) {
        expectClose(value, whole.value, 1e-6);
        grads.forEach((gradient, i) => {
          expectClose(gradient, whole.grads[i], 2e-6);
        });
      }
    });
  });

  it('belongs to images: row i holds every text of image i', () => {
    tidy(() => {
      const images = tensor2d([
        [2, 0],
        [0, 3],
      ]);
      const texts = tensor2d([
        [1, 0],
        [1, 0],
      ]);
      // Cosines [[1, 1], [0, 0]], scale 5, bias -1.
      const expected = [softplus(-4) + softplus(4), softplus(-1) + softplus(1)];
      expectClose(sigmoidContrastive(images, texts, scalar(Math.log(5)), scalar(-1)), expected);
    });
  });

  it('has the gradients of finite differences, one weight per image', () => {
    tidy(() => {
      expectGradient(
        (images, texts, logitScale, bias) =>
          sigmoidContrastive(images as Tensor2D, texts as Tensor2D, logitScale as Scalar, bias as Scalar),
        [add(matrix(4, 3, 1), 1), add(matrix(4, 3, 2), 1), scalar(0.8), scalar(-0.5)],
      );
    });
  });

  it('is finite, with finite gradients, where the exponentials are not', () => {
    tidy(() => {
      const same = ones<Rank.R2>([6, 5]);
      const run = (images: Tensor2D, texts: Tensor2D, bias: number) => {
        const inputs = [images, texts, scalar(Math.log(100)), scalar(bias)] as [Tensor2D, Tensor2D, Scalar, Scalar];
        const { value, grads } = engine().gradients(() => sum<Scalar>(sigmoidContrastive(...inputs)), inputs);
        for (const gradient of grads) expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
        return value.dataSync()[0] / images.shape[0];
      };
      expect(run(same, mul(same, 1), 0)).toBeCloseTo(500, 2); // five wrong texts at +100
      expect(run(same, mul(same, -1), 0)).toBeCloseTo(100, 3); // the right one at -100
      expect(run(matrix(1, 5, 1), matrix(1, 5, 1), 0)).toBeCloseTo(0, 6);
      expect(run(zeros([1, 5]), matrix(1, 5, 1), -200)).toBeCloseTo(200, 3);
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const [images, texts, logitScale, bias] = [goldRows(1), goldRows(2), scalar(2), scalar(-10)];
      expectNoLeak(() => [sigmoidContrastive(images, texts, logitScale, bias)]);
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const rows = ones<Rank.R2>([4, 5]);
    expect(() => sigmoidContrastive(rows, ones([4, 6]), scalar(1), scalar(0))).toThrow('texts is [4, 5], but [4, 6] came');
    expect(() => sigmoidContrastive(rows, rows, scalar(1), ones([4]) as never)).toThrow('bias is [], but [4] came');
    expect(() => sigmoidContrastive(zeros([0, 5]), zeros([0, 5]), scalar(1), scalar(0))).toThrow('at least one pair');
  });
});
