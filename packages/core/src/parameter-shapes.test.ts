import { expect, it } from 'vitest';
import { countShapes, layerNormShapes, linearShapes } from './parameter-shapes.ts';

it('counts the scalars of shapes, without making them', () => {
  expect(countShapes({ kernel: [8, 3], bias: [3] })).toBe(27);
  expect(countShapes({ a: { scalar: [], none: [0, 7] } })).toBe(1);
  expect(countShapes({})).toBe(0);
  expect(countShapes({ huge: [1e6, 1e6] })).toBe(1e12);
});

it('gives the shapes of a linear layer and of a layer norm', () => {
  expect(linearShapes(4, 6)).toEqual({ kernel: [4, 6], bias: [6] });
  expect(layerNormShapes(5)).toEqual({ scale: [5], bias: [5] });
  expect(countShapes({ fc: linearShapes(4, 6), norm: layerNormShapes(4) })).toBe(24 + 6 + 8);
});
