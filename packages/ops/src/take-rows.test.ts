import { grad, ones, tensor1d, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { takeRows } from './take-rows.ts';

const rows = (...values: number[]) => tensor1d(values, 'int32');
const table = () =>
  tensor2d([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

onBackend(['cpu', 'wasm'], () => {
  it('takes rows in the order asked for, repeated ones too', () => {
    tidy(() => expectClose(takeRows(table(), rows(2, 0, 2)), [5, 6, 1, 2, 5, 6]));
  });

  it('adds up the gradients of a row taken more than once', () => {
    tidy(() => {
      const dy = tensor2d([
        [1, 10],
        [2, 20],
        [4, 40],
      ]);
      expectClose(grad((x) => takeRows(x as never, rows(2, 0, 2)))(table(), dy), [2, 20, 0, 0, 5, 50]);
      const chosen = rows(6, 0, 3, 3, 3);
      expectGradient((x) => takeRows(x as never, chosen), [sampleTensor([7, 3])]);
    });
  });

  it('keeps the rows it needs for the gradient, though they are disposed in between', () => {
    tidy(() => {
      const gradient = grad((x) => {
        const chosen = rows(1);
        const y = takeRows(x as never, chosen);
        chosen.dispose();
        return y;
      });
      expectClose(gradient(table()), [0, 0, 1, 1, 0, 0]);
    });
  });

  it('takes none, and leaves nothing behind', () => {
    tidy(() => {
      expect(takeRows(table(), tensor1d([], 'int32')).shape).toEqual([0, 2]);
      expectClose(grad((x) => takeRows(x as never, tensor1d([], 'int32')))(table()), zeros([3, 2]));
      const [x, chosen] = [table(), rows(1, 1)];
      expectNoLeak(() => [takeRows(x, chosen)]);
    });
  });

  it('refuses rows that are not there, instead of reading foreign memory', () => {
    tidy(() => {
      expect(() => takeRows(table(), rows(0, 3))).toThrow('takeRows: indices lie in [0, 3), but 3 came');
      expect(() => takeRows(table(), rows(-1))).toThrow('but -1 came');
    });
  });
});

it('says which shape or type does not fit', () => {
  tidy(() => {
    expect(() => takeRows(table(), tensor1d([0, 1]))).toThrow('takeRows: indices are int32, but float32 came');
    expect(() => takeRows(table(), ones([1, 1], 'int32') as never)).toThrow('takeRows: rows is [K], but [1, 1] came');
    expect(() => takeRows(ones([3]) as never, rows(0))).toThrow('takeRows: table is [R, D], but [3] came');
  });
});
