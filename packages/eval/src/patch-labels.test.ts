import { expect, it } from 'vitest';
import { patchLabels } from './patch-labels.ts';

it('takes the commonest class of each patch, the lower among equals', () => {
  // biome-ignore format: a picture
  const data = Uint8Array.of(
    7, 7, 3, 0,
    7, 1, 0, 3,
    2, 2, 255, 255,
    9, 9, 255, 4,
  );
  expect([...patchLabels({ width: 4, height: 4, data }, 2, 2)]).toEqual([7, 0, 2, 255]);
  expect([...patchLabels({ width: 4, height: 4, data }, 1, 1)]).toEqual([7]); // three 7s and three 255s
  expect([...patchLabels({ width: 4, height: 4, data }, 4, 4)]).toEqual([...data]);
});

it('keeps rows and columns apart', () => {
  const data = Uint8Array.of(1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5);
  expect([...patchLabels({ width: 6, height: 2, data }, 2, 3)]).toEqual([1, 2, 3, 4, 4, 5]);
  expect([...patchLabels({ width: 2, height: 6, data }, 3, 1)]).toEqual([1, 3, 4]); // rows 11 22, 33 44, 44 55
});

it('gives every pixel to one patch where the sizes do not divide', () => {
  // Columns 0-1, 2-3 and 4 of 5 are the thirds 0, 0 | 1, 1 | 2.
  expect([...patchLabels({ width: 5, height: 1, data: Uint8Array.of(1, 1, 2, 2, 3) }, 1, 3)]).toEqual([1, 2, 3]);
});

it('refuses grids finer than the pixels and maps of another size', () => {
  const map = { width: 2, height: 2, data: new Uint8Array(4) };
  expect(() => patchLabels(map, 3, 2)).toThrow('a grid of 3 x 2 came for 2 x 2 pixels');
  expect(() => patchLabels(map, 0, 2)).toThrow('rows is a whole number of at least 1, but 0 came');
  expect(() => patchLabels({ ...map, width: 3 }, 1, 1)).toThrow('each of 3 x 2 pixels, but 4 came');
});
