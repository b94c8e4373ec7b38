import { grads, ones, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { maskedMean } from './masked-mean.ts';

const values = () =>
  tensor2d([
    [1, 2, 6],
    [5, 9, 4],
    [7, 8, 3],
  ]);

onBackend(['cpu', 'wasm'], () => {
  it('weighs samples alike, however many values they mark', () => {
    tidy(() => {
      const mask = tensor2d([
        [1, 1, 1],
        [0, 1, 0],
        [1, 0, 1],
      ]);
      expectClose(maskedMean(values(), mask), [(3 + 9 + 5) / 3]);
    });
  });

  it('leaves samples out that mark none, and is 0, with no gradient, when none does', () => {
    tidy(() => {
      const mask = tensor2d(
        [
          [1, 1, 0],
          [0, 0, 0],
          [0, 0, 1],
        ],
        [3, 3],
        'bool',
      );
      expectClose(maskedMean(values(), mask), [(1.5 + 3) / 2]);
      const nothing = zeros([3, 3]);
      expectClose(maskedMean(values(), nothing), [0]);
      expectClose(grads((x) => maskedMean(x as never, nothing))([values()])[0], zeros([3, 3]));
      expectGradient((x) => maskedMean(x as never, mask), [values()]);
    });
  });

  it('takes an empty batch and leaves nothing behind', () => {
    tidy(() => {
      expectClose(maskedMean(zeros([0, 3]), zeros([0, 3])), [0]);
      const [x, mask] = [values(), ones([3, 3])];
      expectNoLeak(() => [maskedMean(x, mask)]);
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    expect(() => maskedMean(values(), ones([3]))).toThrow('maskedMean: mask is [3, 3], but [3] came');
    expect(() => maskedMean(ones([3]) as never, ones([3]))).toThrow('values is [B, N], but [3] came');
  });
});
