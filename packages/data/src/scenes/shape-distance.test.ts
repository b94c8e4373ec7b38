import { expect, it } from 'vitest';
import { SHAPE_EXTENT, shapeDistance } from './shape-distance.ts';
import { SHAPES, type Shape } from './vocabulary.ts';

/** The area by counting points, and the farthest one. */
function measure(shape: Shape): { area: number; reach: number } {
  const step = 0.005;
  let [area, reach] = [0, 0];
  for (let y = -1.5; y < 1.5; y += step) {
    for (let x = -1.5; x < 1.5; x += step) {
      if (shapeDistance(shape, x, y) > 0) continue;
      area += step * step;
      reach = Math.max(reach, Math.hypot(x, y));
    }
  }
  return { area, reach };
}

it.each([
  ['circle', Math.PI * 0.94 ** 2, 0.94],
  ['square', (2 * 0.83) ** 2, 0.83 * Math.SQRT2],
  ['triangle', 0.75 * Math.sqrt(3) * 1.22 ** 2, 1.22],
  // Ten triangles between the middle, a tip and a notch, with 36 degrees between the two.
  ['star', 5 * 1.22 * 0.54 * Math.sin(Math.PI / 5), 1.22],
] as const)('%s has the area and reach of its geometry', (shape, area, reach) => {
  const measured = measure(shape);
  expect(measured.area / area).toBeCloseTo(1, 2);
  expect(measured.reach).toBeCloseTo(reach, 1);
  expect(measured.reach).toBeLessThanOrEqual(SHAPE_EXTENT);
});

it.each(SHAPES)('%s is the same mirrored, and inside around its middle', (shape) => {
  expect(shapeDistance(shape, 0, 0)).toBeLessThan(-0.4);
  for (const [x, y] of [
    [0.3, 0.8],
    [0.9, -0.4],
    [0.1, -1],
  ]) {
    expect(shapeDistance(shape, -x, y)).toBeCloseTo(shapeDistance(shape, x, y), 12);
  }
});

it('triangle and star point up', () => {
  for (const shape of ['triangle', 'star'] as const) {
    expect(shapeDistance(shape, 0, -1.2)).toBeLessThan(0);
    expect(shapeDistance(shape, 0, 1.2)).toBeGreaterThan(0.3);
  }
});

it('measures along the normal of an edge', () => {
  expect(shapeDistance('circle', 2, 0)).toBeCloseTo(1.06, 12);
  expect(shapeDistance('square', 0, -1)).toBeCloseTo(0.17, 12);
  expect(shapeDistance('triangle', 0, 1)).toBeCloseTo(1 - 0.61, 12);
  // Straight out from the middle of an edge of the star, by 0.1.
  const tip = [0, -1.22];
  const notch = [0.54 * Math.sin(Math.PI / 5), -0.54 * Math.cos(Math.PI / 5)];
  const length = Math.hypot(notch[0] - tip[0], notch[1] - tip[1]);
  const normal = [-(notch[1] - tip[1]) / length, (notch[0] - tip[0]) / length];
  const outward = normal[0] > 0 ? 0.1 : -0.1;
  const [x, y] = [(tip[0] + notch[0]) / 2 + outward * normal[0], (tip[1] + notch[1]) / 2 + outward * normal[1]];
  expect(shapeDistance('star', x, y)).toBeCloseTo(0.1, 12);
});
