import { expect, it } from 'vitest';
import { chanceOfNeighbour } from './classification.ts';

it.each([
  ['equal classes', [0, 1, 2, 3], [3, 2, 1, 0], 1 / 4],
  ['a common class, which is often met by chance', [0, 0, 0, 1], [0, 0, 0, 1], (3 * 3 + 1) / 16],
  ['classes that the gallery does not have', [0, 0], [1, 2, 0], 1 / 3],
])('a neighbour that is drawn blindly, of %s', (_, gallery, queries, expected) => {
  expect(chanceOfNeighbour(gallery, queries)).toBeCloseTo(expected, 12);
});
