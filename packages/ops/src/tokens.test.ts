import { ones, type Rank, type Tensor3D, tensor2d, tensor3d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { putTokens, takeTokens } from './tokens.ts';

const indices = (...values: number[][]) => tensor2d(values, [values.length, values[0].length], 'int32');
/** Token n of sample b is (10b + n, -(10b + n)). */
const batch = () =>
  tensor3d(
    [0, 1].map((b) => [0, 1, 2].map((n) => [10 * b + n, -(10 * b + n)])),
    [2, 3, 2],
  );

onBackend(['cpu', 'wasm'], () => {
  it('takes the tokens of each sample from that sample', () => {
    tidy(() => expectClose(takeTokens(batch(), indices([2, 0], [1, 1])), [2, -2, 0, 0, 11, -11, 11, -11]));
  });

  it('puts tokens in their places and keeps the others', () => {
    tidy(() => {
      const y = putTokens(batch(), ones([2, 1, 2]), indices([0], [2]));
      expectClose(y, [1, 1, 1, -1, 2, -2, 10, -10, 11, -11, 1, 1]);
    });
  });

  it('puts back what it took', () => {
    tidy(() => {
      const [x, places] = [sampleTensor<Rank.R3>([3, 5, 2]), indices([4, 0, 2], [1, 2, 3], [0, 1, 4])];
      expectClose(putTokens(x, takeTokens(x, places), places), x);
    });
  });

  it('replaces even what is not a number', () => {
    tidy(() => expectClose(putTokens(tensor3d([[[Number.NaN], [2]]]), tensor3d([[[1]]]), indices([0])), [1, 2]));
  });

  it('has the gradients of finite differences', () => {
    tidy(() => {
      const places = indices([2, 0], [1, 3]);
      const repeated = indices([2, 2, 2], [1, 3, 1]);
      expectGradient((x) => takeTokens(x as Tensor3D, repeated), [sampleTensor([2, 4, 3])]);
      expectGradient(
        (base, tokens) => putTokens(base as Tensor3D, tokens as Tensor3D, places),
        [sampleTensor([2, 4, 3]), sampleTensor([2, 2, 3], 2)],
      );
    });
  });

  it('takes empty batches and empty choices, and leaves nothing behind', () => {
    tidy(() => {
      const none = tensor2d([], [2, 0], 'int32');
      expect(takeTokens(batch(), none).shape).toEqual([2, 0, 2]);
      expectClose(putTokens(batch(), zeros([2, 0, 2]), none), batch());
      expect(takeTokens(zeros([0, 3, 2]), tensor2d([], [0, 4], 'int32')).shape).toEqual([0, 4, 2]);
      const [x, places, tokens] = [batch(), indices([0], [2]), ones<Rank.R3>([2, 1, 2])];
      expectNoLeak(() => [takeTokens(x, places), putTokens(x, tokens, places)]);
    });
  });

  it('refuses an index that would reach into the next sample', () => {
    tidy(() => {
      expect(() => takeTokens(batch(), indices([3], [0]))).toThrow('takeTokens: indices lie in [0, 3), but 3 came');
      expect(() => putTokens(batch(), ones([2, 1, 2]), indices([3], [0]))).toThrow('putTokens: indices lie in [0, 3)');
    });
  });
});

it('says which shape does not fit', () => {
  tidy(() => {
    expect(() => takeTokens(batch(), indices([0]))).toThrow('takeTokens: indices is [2, K], but [1, 1] came');
    expect(() => takeTokens(ones([2, 3]) as never, indices([0]))).toThrow('takeTokens: x is [B, N, D], but [2, 3] came');
    expect(() => putTokens(batch(), ones([2, 2, 2]), indices([0], [1]))).toThrow(
      'putTokens: tokens is [2, 1, 2], but [2, 2, 2] came',
    );
  });
});
