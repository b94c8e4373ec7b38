import { expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import type { Sample } from '../sample.ts';
import { SCENE_WORDS } from './scene-captions.ts';
import { type SceneOptions, sceneSource } from './scene-source.ts';

const COLORS = { red: 2, yellow: 44, green: 130, blue: 220, purple: 281 };
const COUNT = 300;

async function readScenes(options: SceneOptions, count = COUNT): Promise<Sample[]> {
  const source = sceneSource({ count, ...options });
  return Promise.all(Array.from({ length: count }, (_, index) => source.read(index)));
}

const CLASS_NAMES = sceneSource().classNames ?? [];

const isBackground = (label: number) => CLASS_NAMES[label].endsWith(' background');

it('has 25 classes, the backgrounds first, and says what it offers', () => {
  const source = sceneSource();
  expect(source.classNames).toHaveLength(25);
  expect(source.classNames?.slice(0, 2)).toEqual(['white background', 'gray background']);
  expect(source.classNames?.slice(4, 7)).toEqual(['black background', 'red circle', 'red square']);
  expect(source).toMatchObject({ size: 10_000, hasLabelMaps: true });
  expect(source.key?.(12)).toBe('scene-train-000012');
  expect(source.description).toBe('10000 scenes of 64 x 64 pixels (train, seed 0)');
});

it('gives the same scene for the same seed, split and index, in any order, in a set of any size', async () => {
  const source = sceneSource({ count: 50, seed: 3 });
  const last = await source.read(49);
  await source.read(7);
  expect(await source.read(49)).toEqual(last);
  expect(await sceneSource({ count: 1000, seed: 3 }).read(49)).toEqual(last);
  expect((await sceneSource({ seed: 4 }).read(49)).image.data).not.toEqual(last.image.data);
});

it('shares no scene between train and test, and repeats none', async () => {
  const [train, test] = [await readScenes({}), await readScenes({ split: 'test' })];
  const pictures = [...train, ...test].map(({ image }) => Buffer.from(image.data).toString('base64'));
  expect(new Set(pictures).size).toBe(2 * COUNT);
});

it('has one to four objects, about equally often, and every class', async () => {
  const counts = [0, 0, 0, 0, 0];
  const seen = new Set<number>();
  for (const { labels } of await readScenes({})) {
    const classes = new Set(labels?.data);
    counts[classes.size - 1]++;
    for (const label of classes) seen.add(label);
  }
  expect(counts[0]).toBe(0);
  for (const count of counts.slice(1)) expect(count).toBeGreaterThan(COUNT / 8);
  expect(seen.size).toBe(25);
});

it('labels pixels of a coloured class that have the colour', async () => {
  let [right, all] = [0, 0];
  for (const { image, labels } of await readScenes({})) {
    const { width, data } = labels ?? { width: 0, data: new Uint8Array() };
    for (let at = width; at < data.length - width; at++) {
      const isInside = !isBackground(data[at]) && [1, -1, width, -width].every((step) => data[at + step] === data[at]);
      if (!isInside) continue;
      all++;
      const hue = hueOf(image.data.subarray(at * 3, at * 3 + 3));
      if (nearestColor(hue) === CLASS_NAMES[data[at]].split(' ')[0]) right++;
    }
  }
  expect(all).toBeGreaterThan(50_000);
  expect(right / all).toBeGreaterThan(0.999);
});

it('labels as background what has little colour', async () => {
  for (const { image, labels } of await readScenes({}, 100)) {
    let [vivid, all] = [0, 0];
    labels?.data.forEach((label, at) => {
      if (!isBackground(label)) return;
      all++;
      const pixel = image.data.subarray(at * 3, at * 3 + 3);
      if (Math.max(...pixel) - Math.min(...pixel) > 85) vivid++;
    });
    // Along their edges, objects shine through into pixels that they cover by less than half.
    expect(vivid / all).toBeLessThan(0.03);
  }
});

it('draws the shape that the class says', async () => {
  const corners: Readonly<Record<string, number>> = { circle: 0, triangle: 3, square: 4, star: 5 };
  const alone = (await readScenes({ size: 256 }, 60)).filter(({ labels }) => new Set(labels?.data).size === 2);
  expect(alone.length).toBeGreaterThan(8);
  for (const { labels } of alone) {
    const { width, data } = labels ?? { width: 0, data: new Uint8Array() };
    const name = CLASS_NAMES[Math.max(...data)];
    expect(`${countCorners(data, width)} corners: ${name}`).toBe(`${corners[name.split(' ')[1]]} corners: ${name}`);
  }
});

it('draws the same objects in the same places at every size', async () => {
  const [small, large] = [await readScenes({ size: 32 }, 40), await readScenes({ size: 128 }, 40)];
  small.forEach(({ labels, captions }, i) => {
    expect(large[i].captions).toEqual(captions);
    let differ = 0;
    labels?.data.forEach((label, at) => {
      const [x, y] = [at % 32, Math.floor(at / 32)];
      // The four pixels in the middle of the sixteen that the small one stands for.
      const middle = [1, 2].flatMap((row) => [1, 2].map((column) => large[i].labels?.data[(4 * y + row) * 128 + 4 * x + column]));
      if (!middle.includes(label)) differ++;
    });
    expect(differ).toBeLessThan(12);
  });
});

it('uses no words but those it lists, and none of left and right', async () => {
  const words = new Set(SCENE_WORDS);
  expect(words.size).toBe(SCENE_WORDS.length);
  const source = sceneSource();
  const scenes = [...(await readScenes({})), await source.singles?.().read(0)];
  const texts = [...scenes.flatMap((scene) => Object.values(scene?.captions ?? {}).flat()), ...(source.templates ?? [])];
  for (const text of texts) for (const word of text.match(/[a-z]+/g) ?? []) expect(words, text).toContain(word);
  expect(words).not.toContain('left');
  expect(words).not.toContain('right');
  for (const template of source.templates ?? []) expect(template.split('{}')).toHaveLength(2);
});

it('has scenes of one object with its class, in a set of their own', async () => {
  const singles = sceneSource({ count: 200, seed: 1 }).singles?.() ?? expect.fail('no singles');
  expect(singles).toMatchObject({ size: 200, hasLabelMaps: false });
  expect(singles.classNames).toEqual(CLASS_NAMES.slice(5));
  const seen = new Set<number>();
  for (let index = 0; index < 200; index++) {
    const { classIndex = -1, captions } = await singles.read(index);
    const name = singles.classNames?.[classIndex] ?? 'nothing';
    expect(captions.short).toMatch(new RegExp(`a ${name} on a \\w+ background$`));
    expect(String(captions.alt).replaceAll('-', ' ')).toContain(name);
    seen.add(classIndex);
  }
  expect(seen.size).toBe(20);
});

it('refuses what it cannot make, and reading past the end', async () => {
  await expectError(() => sceneSource({ count: 0 }), 'invalid-argument', /count is a whole number of at least 1, but 0/);
  await expectError(() => sceneSource({ size: 8 }), 'invalid-argument', /size is a whole number from 16 to 1024, but 8/);
  await expectError(() => sceneSource({ size: 64.5 }), 'invalid-argument', /but 64.5/);
  await expectError(() => sceneSource({ split: 'val' as 'test' }), 'invalid-argument', /split is train or test, but "val"/);
  await expectError(() => sceneSource({ count: 5 }).read(5), 'invalid-argument', /from 0 to 4, but 5/);
  await expectError(() => sceneSource({ count: 5 }).singles?.().read(-1), 'invalid-argument', /from 0 to 4, but -1/);
});

/** In degrees. */
function hueOf([red, green, blue]: Uint8Array): number {
  const largest = Math.max(red, green, blue);
  const range = largest - Math.min(red, green, blue);
  if (range === 0) return Number.NaN;
  if (largest === red) return (60 * (green - blue)) / range + (green < blue ? 360 : 0);
  return largest === green ? 120 + (60 * (blue - red)) / range : 240 + (60 * (red - green)) / range;
}

function nearestColor(hue: number): string | undefined {
  const away = (other: number) => Math.abs(((hue - other + 540) % 360) - 180);
  return Object.entries(COLORS).reduce((best, entry) => (away(entry[1]) < away(best[1]) ? entry : best))[0];
}

/** How often a circle around the middle of the labelled pixels, nearly as wide as they reach, enters them. */
function countCorners(labels: Uint8Array, width: number): number {
  const inside = Array.from(labels.keys()).filter((at) => !isBackground(labels[at]));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(inside.map((at) => at % width)), mean(inside.map((at) => Math.floor(at / width)))];
  const reach = Math.max(...inside.map((at) => Math.hypot((at % width) - x, Math.floor(at / width) - y)));
  const isInside = (degrees: number) => {
    const angle = (degrees * Math.PI) / 180;
    const [column, row] = [x + 0.87 * reach * Math.cos(angle), y + 0.87 * reach * Math.sin(angle)].map(Math.round);
    return !isBackground(labels[row * width + column]);
  };
  return Array.from({ length: 360 }, (_, i) => isInside(i) && ![1, 2, 3, 4].some((k) => isInside(i - k))).filter(Boolean).length;
}
