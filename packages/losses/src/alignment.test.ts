import {
  engine,
  mean,
  ones,
  type Rank,
  type Scalar,
  slice,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tensor3d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectClose, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { goldRows, utaReference } from '../test/references.ts';
import { byol } from './byol.ts';
import { maskedCosine } from './masked-cosine.ts';
import { negativeCosine } from './negative-cosine.ts';
import { uta } from './uta.ts';

const teacher = () => tensor3d(utaReference.teacher, [2, 17, 6]);
const student = () => tensor3d(utaReference.student, [2, 9, 6]);
const keep = () => tensor2d(utaReference.keep, [2, 8], 'int32');

onBackend(['cpu', 'wasm'], () => {
  it("uta: gold value of UTA's tiny tower, all kept tokens and CLS alone, and PyTorch's gradient", () => {
    tidy(() => {
      const losses = uta(student(), teacher(), keep());
      expectClose(losses, utaReference.losses, 1e-6);
      expectClose(mean(losses), [-0.847256664], 1e-7);
      expectClose(mean(slice(losses, [0, 0], [2, 1])), [-0.981924161], 1e-7);
      const input = student();
      const { grads } = engine().gradients(() => mean<Scalar>(uta(input, teacher(), keep())), [input]);
      expectClose(grads[0], utaReference.gradient, 1e-6);
    });
  });

  it('uta: with every patch kept it is feature distillation, and any number of CLS tokens comes first', () => {
    tidy(() => {
      const x = sampleTensor<Rank.R3>([2, 6, 4], 1);
      const y = sampleTensor<Rank.R3>([2, 6, 4], 2);
      const all = (count: number) =>
        tensor2d(
          [0, 1].flatMap(() => Array.from({ length: count }, (_, i) => i)),
          [2, count],
          'int32',
        );
      for (const clsTokens of [0, 1, 2]) expectClose(uta(x, y, all(6 - clsTokens)), negativeCosine(x, y));
      const [one, two] = [tensor2d([3, 1], [2, 1], 'int32'), slice(x, [0, 0, 0], [2, 3, 4])];
      const losses = uta(two, y, one).arraySync();
      const cosine = (b: number, i: number, j: number) => {
        const [u, v] = [(two.arraySync() as number[][][])[b][i], (y.arraySync() as number[][][])[b][j]];
        return u.reduce((sum, value, k) => sum + value * v[k], 0) / (Math.hypot(...u) * Math.hypot(...v));
      };
      // Two CLS tokens, then patch 3 of the first picture and patch 1 of the second: tokens 5 and 3.
      expectClose(
        losses.flat(),
        [cosine(0, 0, 0), cosine(0, 1, 1), cosine(0, 2, 5), cosine(1, 0, 0), cosine(1, 1, 1), cosine(1, 2, 3)].map((c) => -c),
      );
    });
  });

  it('negativeCosine: gold value of the rows of both specifications; byol is it on the scale of squared distances', () => {
    tidy(() => {
      expectClose(mean(negativeCosine(goldRows(0.3), goldRows(1.1))), [-0.6903836138], 1e-6);
      expectClose(mean(byol(goldRows(0.3), goldRows(1.1))), [0.6192327724], 1e-6);
      const [p, v] = [
        tensor2d([
          [3, 0],
          [0, 2],
          [1, 1],
          [0, 0],
        ]),
        tensor2d([
          [1, 0],
          [0, -1],
          [-1, 1],
          [1, 2],
        ]),
      ];
      expectClose(byol(p, v), [0, 4, 2, 2]);
    });
  });

  it('maskedCosine: the mean over hidden patches of each sample, whose visible patches get no gradient', () => {
    tidy(() => {
      const x = tensor3d([
        [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
        [
          [2, 0],
          [0, 2],
          [3, 4],
        ],
      ]);
      const y = tensor3d([
        [
          [1, 0],
          [0, -1],
          [9, 0],
        ],
        [
          [0, 1],
          [0, 5],
          [4, 3],
        ],
      ]);
      const mask = tensor2d(
        [
          [1, 1, 0],
          [1, 0, 1],
        ],
        [2, 3],
        'bool',
      );
      expectClose(maskedCosine(x, y, mask), [0, -0.48]);
      expectClose(maskedCosine(x, y, zeros([2, 3])), [0, 0]);
      const { grads } = engine().gradients(() => mean<Scalar>(maskedCosine(x, y, mask)), [x]);
      const rows = grads[0].arraySync() as number[][][];
      for (const visible of [rows[0][2], rows[1][1]]) expectClose(visible, [0, 0]);
      expect(Math.abs(rows[1][0][1])).toBeGreaterThan(0.1);
    });
  });

  it('is 0 for a vector of zeros', () => {
    tidy(() => {
      expectClose(negativeCosine(zeros([2, 3]), ones([2, 3])), [0, 0]);
      expectClose(byol(ones([2, 3]), zeros([2, 3])), [2, 2]);
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const [x, y] = [ones<Rank.R3>([2, 9, 6]), ones<Rank.R3>([2, 17, 6])];
    expect(() => uta(x, ones([2, 17, 5]), keep())).toThrow('uta: teacher is [2, C + N, 6], but [2, 17, 5] came');
    expect(() => uta(x, y, tensor2d([1, 2, 3], [3, 1], 'int32'))).toThrow('keep is [2, K], but [3, 1] came');
    expect(() => uta(ones([2, 7, 6]), y, keep())).toThrow('the 8 kept patches');
    expect(() => uta(ones([2, 30, 6]), y, keep())).toThrow('but [2, 30, 6] and [2, 17, 6] came');
    expect(() => uta(x, y, ones([2, 8]))).toThrow('indices are int32');
    expect(() => uta(x, y, tensor2d([16, ...new Array(15).fill(0)], [2, 8], 'int32'))).toThrow('[0, 16), but 16 came');
    expect(() => negativeCosine(x, y)).toThrow('target is [2, 9, 6], but [2, 17, 6] came');
    expect(() => byol(ones([2, 3]), ones([3, 3]))).toThrow('target is [2, 3], but [3, 3] came');
    expect(() => byol(x as never, x as unknown as Tensor2D)).toThrow('prediction is [B, D]');
    expect(() => maskedCosine(x, x as Tensor3D, ones([2, 8]))).toThrow('mask is [2, 9], but [2, 8] came');
  });
});
