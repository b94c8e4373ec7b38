import { expect, test } from 'vitest';
import { classColors } from './class-colors.ts';
import { colorBlindDistance, colorDistance, oklch, type Rgb } from './oklab.ts';

const shapes = ['circle', 'square', 'triangle', 'star'];
const words = ['red', 'green', 'blue', 'yellow', 'purple'];
const sceneNames = ['background', ...words.flatMap((word) => shapes.map((shape) => `${word} ${shape}`))];

function nearestPair(colors: readonly Rgb[], distance: (a: Rgb, b: Rgb) => number): number {
  return Math.min(...colors.flatMap((a, i) => colors.slice(i + 1).map((b) => distance(a, b))));
}

test('OKLCH conversion agrees with the published values of white, black and pure red', () => {
  expect(oklch(1, 0, 0)).toEqual([255, 255, 255]);
  expect(oklch(0, 0, 0)).toEqual([0, 0, 0]);
  expect(oklch(0.62796, 0.25768, 29.234)).toEqual([255, 0, 0]);
  expect(colorDistance([0, 0, 0], [255, 255, 255])).toBeCloseTo(1, 3);
});

test('a class named after a colour is drawn in it, lighter or darker by its shape; background is dark gray', () => {
  const colors = Object.fromEntries(classColors(sceneNames).map((color, i) => [sceneNames[i], color]));
  const [red, green, blue] = colors.background;
  expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThan(10);
  expect(red).toBeLessThan(80);
  for (const shape of shapes) {
    expect(colors[`red ${shape}`][0]).toBeGreaterThan(1.5 * Math.max(colors[`red ${shape}`][1], colors[`red ${shape}`][2]));
    expect(colors[`green ${shape}`][1]).toBeGreaterThan(Math.max(colors[`green ${shape}`][0], colors[`green ${shape}`][2]));
    expect(colors[`blue ${shape}`][2]).toBeGreaterThan(Math.max(colors[`blue ${shape}`][0], colors[`blue ${shape}`][1]));
  }
  const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  for (const word of words) {
    const lights = shapes.map((shape) => luminance(colors[`${word} ${shape}`]));
    expect(lights).toEqual(lights.toSorted((a, b) => b - a));
  }
});

test('no two classes look alike', () => {
  expect(nearestPair(classColors(sceneNames), colorDistance)).toBeGreaterThan(0.035);
  const many = classColors(Array.from({ length: 150 }, (_, i) => `class ${i}`));
  expect(new Set(many.map(String)).size).toBe(150);
  expect(nearestPair(many, colorDistance)).toBeGreaterThan(0.02);
});

test('ten classes without colour words stay apart for colour-blind readers', () => {
  const names = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
  expect(nearestPair(classColors(names), colorBlindDistance)).toBeGreaterThan(0.07);
});

test('the same name twice, an empty name and names of object properties do no harm', () => {
  expect(classColors(['red', 'red', '', 'constructor thing', '__proto__']).map(String)).toHaveLength(5);
  expect(classColors([])).toEqual([]);
});
