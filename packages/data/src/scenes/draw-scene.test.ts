import { createRng } from '@vitrail/core';
import { expect, it } from 'vitest';
import { drawScene } from './draw-scene.ts';
import { layoutScene, type Scene, type SceneObject } from './scene-layout.ts';
import { SHAPE_EXTENT } from './shape-distance.ts';
import { backgroundLabel, objectLabel } from './vocabulary.ts';

const SIZE = 64;

const circle: SceneObject = {
  shape: 'circle',
  color: 'yellow',
  texture: 'plain',
  size: 'large',
  x: 0.5,
  y: 0.5,
  radius: 0.2,
  rotation: 0,
  grain: 0,
};

const sceneOf = (...objects: SceneObject[]): Scene => ({
  objects,
  background: { tone: 'black', texture: 'plain', grain: 0 },
  light: { level: 1, strength: 0, angle: 0 },
  noise: 5,
});

it('leaves at least 70 % of every object visible, and all of it inside the picture', () => {
  let occluded = 0;
  for (let seed = 0; seed < 400; seed++) {
    const scene = layoutScene(createRng(seed), 4);
    const { labels } = drawScene(scene, SIZE);
    for (const object of scene.objects) {
      const label = objectLabel(object.color, object.shape);
      const alone = drawScene({ ...scene, objects: [object] }, SIZE).labels.data;
      const count = (map: Uint8Array) => map.reduce((sum, value) => sum + (value === label ? 1 : 0), 0);
      const share = count(labels.data) / count(alone);
      expect(share, `seed ${seed}`).toBeGreaterThanOrEqual(0.7);
      if (share < 1) occluded++;
      const reach = object.radius * SHAPE_EXTENT;
      expect(Math.min(object.x, object.y) - reach).toBeGreaterThanOrEqual(0);
      expect(Math.max(object.x, object.y) + reach).toBeLessThanOrEqual(1);
    }
  }
  expect(occluded).toBeGreaterThan(100);
});

it('gives nearly every scene the number of objects that was asked for', () => {
  const counts = Array.from({ length: 300 }, (_, seed) => layoutScene(createRng(seed), 4).objects.length);
  expect(counts.filter((count) => count === 4).length).toBeGreaterThan(295);
});

it('draws the area that the geometry says, and edges that are neither one colour nor the other', () => {
  const { image, labels } = drawScene(sceneOf(circle), SIZE);
  const inside = labels.data.reduce((sum, label) => sum + (label === backgroundLabel('black') ? 0 : 1), 0);
  // pi (0.94 * 0.2 * 64)^2
  expect(inside).toBeGreaterThan(455 * 0.98);
  expect(inside).toBeLessThan(455 * 1.02);
  // Red is 240 on the circle and 46 around it: noise of 8 reaches neither 70 nor 220.
  const between = Array.from({ length: SIZE ** 2 }, (_, at) => image.data[at * 3]).filter((red) => red > 70 && red < 220);
  expect(between.length).toBeGreaterThan(30);
});

it('draws later objects over earlier ones, and labels them so', () => {
  const behind = { ...circle, color: 'red', x: 0.4 } as const;
  const { image, labels } = drawScene(sceneOf(behind, circle), SIZE);
  const at = 32 * SIZE + 27;
  expect(labels.data[at]).toBe(objectLabel('yellow', 'circle'));
  expect(image.data[at * 3 + 1]).toBeGreaterThan(150);
  expect(labels.data[32 * SIZE + 16]).toBe(objectLabel('red', 'circle'));
});

it('adds noise of at most 8 levels, without shifting colours', () => {
  const { image } = drawScene(sceneOf(), SIZE);
  const values = Array.from({ length: SIZE ** 2 }, (_, at) => image.data[at * 3]);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(46 - 8);
  expect(Math.max(...values)).toBeLessThanOrEqual(46 + 8);
  expect(new Set(values).size).toBeGreaterThan(14);
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(46, 0);
});
