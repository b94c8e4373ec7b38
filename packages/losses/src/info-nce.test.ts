import {
  add,
  concat,
  engine,
  matMul,
  mean,
  mul,
  ones,
  type Rank,
  reverse,
  type Scalar,
  scalar,
  slice,
  type Tensor,
  type Tensor2D,
  tidy,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import { l2Normalize } from '@vitrail/ops';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { contrastiveReference, goldRows, referencePair } from '../test/references.ts';
import { infoNce } from './info-nce.ts';

const matrix = (rows: number, columns: number, seed: number) => sampleTensor<Rank.R2>([rows, columns], seed);
const gold = (): [Tensor2D, Tensor2D] => [goldRows(0.3), goldRows(1.1)];
const logScale = (scale: number) => scalar(Math.log(scale));

/** Losses by plain loops in float64, from the cosines of row i of the images and row j of the texts. */
function loops(cosines: number[][], scale: number, smoothing: number): number[] {
  const n = cosines.length;
  const crossEntropy = (scores: number[], right: number) => {
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    return -scores.reduce((sum, score, j) => {
      const target = smoothing / n + (j === right ? 1 - smoothing : 0);
      return sum + target * (score - Math.log(total));
    }, 0);
  };
  return cosines.map((row, i) => {
    const [rows, columns] = [row.map((value) => scale * value), cosines.map((other) => scale * other[i])];
    return (crossEntropy(rows, i) + crossEntropy(columns, i)) / 2;
  });
}

onBackend(['cpu', 'wasm'], () => {
  it("has CLIP's loss as its mean: gold values at scales 1, 1 / 0.07 and 100, plain and smoothed", () => {
    tidy(() => {
      const [images, texts] = gold();
      const cosines = matMul(l2Normalize(images) as Tensor2D, transpose(l2Normalize(texts) as Tensor2D));
      expectClose(
        cosines,
        [
          [0.689018, 0.058676, -0.785953, -0.609994],
          [-0.972883, 0.805033, 0.819784, 0.12767],
          [-0.169591, -0.540985, 0.591215, 0.965242],
          [0.500366, -0.910905, -0.085091, 0.676269],
        ].flat(),
        1e-6,
      );
      const loss = (scale: number, labelSmoothing = 0) => mean(infoNce(images, texts, logScale(scale), { labelSmoothing }));
      expectClose(loss(1), [0.9504102662], 1e-6);
      expectClose(loss(1, 0.1), [1.0122119356], 1e-6);
      expectClose(loss(1 / 0.07), [1.7178078141], 1e-6);
      expectClose(loss(1 / 0.07, 0.1), [2.6006888053], 1e-6);
      expectClose(loss(100), [11.3547513088], 2e-6);
    });
  });

  it('gives each pair half of its row and half of its column', () => {
    tidy(() => {
      const [images, texts] = gold();
      const cosines = matMul(
        l2Normalize(images) as Tensor2D,
        transpose(l2Normalize(texts) as Tensor2D),
      ).arraySync() as number[][];
      for (const labelSmoothing of [0, 0.3, 1]) {
        expectClose(infoNce(images, texts, logScale(7), { labelSmoothing }), loops(cosines, 7, labelSmoothing), 1e-5);
      }
    });
  });

  it.each(['clip', 'smoothed'] as const)(
    "has the value and gradients of OpenCLIP's ClipLoss, %s, on rows of any length",
    (name) => {
      tidy(() => {
        const [images, texts] = referencePair();
        const logitScale = scalar(contrastiveReference.logitScale[0]);
        const { loss, gradients } = contrastiveReference[name];
        const { value, grads } = engine().gradients(
          () => mean<Scalar>(infoNce(images, texts, logitScale, { labelSmoothing: name === 'smoothed' ? 0.1 : 0 })),
          [images, texts, logitScale],
        );
        expectClose(value, [loss], 1e-6);
        grads.forEach((gradient, i) => {
          expectClose(gradient, gradients[i], 1e-6);
        });
      });
    },
  );

  it('has the gradients of finite differences, one weight per pair', () => {
    tidy(() => {
      // Away from zero, where a step turns a row too far for differences.
      const inputs: Tensor[] = [add(matrix(4, 3, 1), 1), add(matrix(4, 3, 2), 1), scalar(1.2)];
      for (const labelSmoothing of [0, 0.2]) {
        expectGradient(
          (images, texts, logitScale) => infoNce(images as Tensor2D, texts as Tensor2D, logitScale as Scalar, { labelSmoothing }),
          inputs,
        );
      }
    });
  });

  it('is finite, with finite gradients, at scale 100 for rows that agree, disagree or are all the same', () => {
    tidy(() => {
      const rows = matrix(6, 5, 3);
      const same = ones<Rank.R2>([6, 5]);
      const value = (images: Tensor2D, texts: Tensor2D) => {
        const logitScale = logScale(100);
        const inputs = images === texts ? [images, logitScale] : [images, texts, logitScale];
        const { value, grads } = engine().gradients(() => mean<Scalar>(infoNce(images, texts, logitScale)), inputs);
        for (const gradient of grads) expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
        return value.dataSync()[0];
      };
      expect(value(same, same)).toBeCloseTo(Math.log(6), 5);
      expect(value(rows, rows)).toBeLessThan(value(rows, reverse(rows, 0)));
      // Opposite rows: the right pair scores -200 below the others.
      const [plus, minus] = [concat([same, mul(same, -1)]), concat([mul(same, -1), same])] as Tensor2D[];
      expect(value(plus, minus)).toBeCloseTo(200 + Math.log(6), 3);
      expect(value(zeros([6, 5]), rows)).toBeCloseTo(Math.log(6), 5);
    });
  });

  it('has nothing to tell apart in a batch of one', () => {
    tidy(() => {
      const inputs = [matrix(1, 5, 1), matrix(1, 5, 2), logScale(100)] as [Tensor2D, Tensor2D, Scalar];
      const { value, grads } = engine().gradients(() => mean<Scalar>(infoNce(...inputs)), inputs);
      expectClose(value, [0]);
      for (const gradient of grads) expectClose(gradient, zeros(gradient.shape));
    });
  });

  it('treats images and texts alike', () => {
    tidy(() => {
      const [images, texts] = gold();
      expectClose(infoNce(images, texts, scalar(2)), infoNce(texts, images, scalar(2)));
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const [images, texts] = gold();
      const logitScale = scalar(2);
      expectNoLeak(() => [infoNce(images, texts, logitScale, { labelSmoothing: 0.1 })]);
    });
  });
});

describe('over several workers', () => {
  /** The mean loss of two workers with two pairs each, or of one with all four. */
  function loss(images: Tensor2D, texts: Tensor2D, logitScale: Scalar, workers: 1 | 2): Scalar {
    if (workers === 1) return mean(infoNce(images, texts, logitScale, { labelSmoothing: 0.1 }));
    const own = (x: Tensor2D, rank: number) => slice(x, [2 * rank, 0], [2, 5]);
    const [u, v] = [l2Normalize(images), l2Normalize(texts)] as Tensor2D[];
    const perWorker = [0, 1].map((rank) => {
      // The all-gather: the worker's own rows and those of the other. `rows` is called for images, then for texts.
      const others = [own(u, 1 - rank), own(v, 1 - rank)];
      const rows = (mine: Tensor2D) => {
        const other = others.shift() as Tensor2D;
        return concat(rank === 0 ? [mine, other] : [other, mine]);
      };
      const gather = { rank, rows };
      return mean<Scalar>(infoNce(own(images, rank), own(texts, rank), logitScale, { labelSmoothing: 0.1, gather }));
    });
    return mul(0.5, add(perWorker[0], perWorker[1]));
  }

  it('is exactly the loss of the whole batch on one, and so are its gradients', () => {
    tidy(() => {
      const inputs: [Tensor2D, Tensor2D, Scalar] = [...gold(), scalar(1.5)];
      const [one, two] = ([1, 2] as const).map((workers) => engine().gradients(() => loss(...inputs, workers), inputs));
      expectClose(two.value, one.value, 1e-6);
      two.grads.forEach((gradient, i) => {
        expectClose(gradient, one.grads[i], 1e-6);
      });
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const rows = ones<Rank.R2>([4, 5]);
    const gathering = (rank: number, all: (own: Tensor2D) => Tensor2D) => () =>
      infoNce(rows, rows, scalar(1), { gather: { rank, rows: all } });
    expect(gathering(2, (own) => concat([own, own]))).toThrow(
      'gather makes [W * 4, 5] for a rank below W, but [8, 5] came for rank 2',
    );
    expect(gathering(0, () => ones([6, 5]))).toThrow('but [6, 5] came for rank 0');
    expect(() => infoNce(rows, ones([3, 5]), scalar(1))).toThrow('infoNce: texts is [4, 5], but [3, 5] came');
    expect(() => infoNce(ones([4]) as never, rows, scalar(1))).toThrow('images is [B, D], but [4] came');
    expect(() => infoNce(rows, rows, ones([1]) as never)).toThrow('logitScale is [], but [1] came');
    expect(() => infoNce(zeros([0, 5]), zeros([0, 5]), scalar(1))).toThrow('at least one pair');
    for (const labelSmoothing of [-0.1, 1.1, Number.NaN]) {
      expect(() => infoNce(rows, rows, scalar(1), { labelSmoothing })).toThrow(
        `labelSmoothing lies in [0, 1], but ${labelSmoothing} came`,
      );
    }
  });
});
