import { createRng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../sample.ts';
import { sceneCaptions } from './scene-captions.ts';
import type { Scene, SceneObject } from './scene-layout.ts';
import { sceneSource } from './scene-source.ts';

const SIZE = 96;
const source = sceneSource({ count: 400, size: SIZE, seed: 'captions' });
const scenes = await Promise.all(Array.from({ length: source.size }, (_, index) => source.read(index)));

type Seen = { x: number; y: number; area: number; spread: number };

/** What the pixels of each class say: middle and area as shares of the picture, and how much brightness varies inside. */
function look({ image, labels }: Sample): Map<string, Seen> {
  const data = labels?.data ?? new Uint8Array();
  const seen = new Map<string, Seen>();
  for (const label of new Set(data)) {
    const pixels = Array.from(data.keys()).filter((at) => data[at] === label);
    const mean = (of: (at: number) => number) => pixels.reduce((sum, at) => sum + of(at), 0) / pixels.length;
    const inside = pixels.filter((at) => [1, -1, SIZE, -SIZE].every((step) => data[at + step] === label));
    const lights = inside.map((at) => image.data[at * 3] + image.data[at * 3 + 1] + image.data[at * 3 + 2]).sort((a, b) => a - b);
    const quantile = (share: number) => lights[Math.floor(share * (lights.length - 1))];
    seen.set(source.classNames?.[label] ?? '', {
      x: (mean((at) => at % SIZE) + 0.5) / SIZE,
      y: (mean((at) => Math.floor(at / SIZE)) + 0.5) / SIZE,
      area: pixels.length / SIZE ** 2,
      spread: (quantile(0.9) - quantile(0.1)) / quantile(0.5),
    });
  }
  return seen;
}

const looks = scenes.map(look);

/** Which objects a text names. */
function namesIn(text: string): string[] {
  return text.replaceAll(/[-_]/g, ' ').match(/(red|green|blue|yellow|purple) (circle|square|triangle|star)/g) ?? [];
}

function objectsOf(index: number): string[] {
  return [...looks[index].keys()].filter((name) => !name.endsWith(' background')).sort();
}

describe('captions of scenes say what the pixels show:', () => {
  it('`short` and `long` name every object once', () => {
    scenes.forEach(({ captions }, i) => {
      expect(namesIn(String(captions.short)).sort()).toEqual(objectsOf(i));
      expect(namesIn(String(captions.long)).sort()).toEqual(objectsOf(i));
    });
  });

  it('`alt` names something that is there, often not all, and is sometimes the name of a file', () => {
    let [partial, files] = [0, 0];
    scenes.forEach(({ captions }, i) => {
      const names = namesIn(String(captions.alt));
      expect(names.length).toBeGreaterThan(0);
      expect(objectsOf(i)).toEqual(expect.arrayContaining(names));
      if (names.length < objectsOf(i).length) partial++;
      if (/\.(jpg|png|webp)$/.test(String(captions.alt))) files++;
    });
    expect(partial).toBeGreaterThan(100);
    expect(files).toBeGreaterThan(15);
  });

  it('sizes', () => {
    scenes.forEach(({ captions }, i) => {
      for (const [, size, name] of String(captions.long).matchAll(/a (small|large) \w+ (\w+ \w+)/g)) {
        const area = looks[i].get(name)?.area ?? Number.NaN;
        // The largest small circle has pi (0.94 * 0.13)^2 = 0.047; the smallest large star 1.94 * 0.18^2 = 0.063, of which 70 % are visible.
        if (size === 'small') expect(area, String(captions.long)).toBeLessThan(0.05);
        else expect(area, String(captions.long)).toBeGreaterThan(0.042);
      }
    });
  });

  it('patterns', () => {
    let plain = 0;
    scenes.forEach(({ captions }, i) => {
      for (const [, texture, name] of String(captions.long).matchAll(/a (?:small|large) (\w+) (\w+ \w+)/g)) {
        const spread = looks[i].get(name)?.spread ?? Number.NaN;
        if (texture === 'plain') {
          plain++;
          expect(spread, `${name}: ${captions.long}`).toBeLessThan(0.2);
        } else expect(spread, `${name}: ${captions.long}`).toBeGreaterThan(0.2);
      }
    });
    expect(plain).toBeGreaterThan(100);
  });

  it('relations and heights', () => {
    // Middles of what is visible lie a little off the centres that were compared.
    const slack = 0.07;
    const told = new Map<string, number>();
    scenes.forEach(({ captions }, i) => {
      const text = String(captions.long).replaceAll(/a (?:small|large) \w+ (\w+) (\w+)/g, '$1_$2');
      const at = (name: string) => looks[i].get(name.replace('_', ' ')) ?? { x: Number.NaN, y: Number.NaN };
      for (const [, first, relation, second] of text.matchAll(/(\w+_\w+) (above|below|next to|far from) (\w+_\w+)/g)) {
        const across = Math.abs(at(first).x - at(second).x);
        const down = at(second).y - at(first).y;
        told.set(relation, (told.get(relation) ?? 0) + 1);
        if (relation === 'above') expect(down, text).toBeGreaterThan(across - slack);
        else if (relation === 'below') expect(-down, text).toBeGreaterThan(across - slack);
        else expect(across, text).toBeGreaterThan(Math.abs(down) - slack);
        if (relation === 'far from') expect(across, text).toBeGreaterThan(0.35);
      }
      for (const [, name, height] of text.matchAll(/(\w+_\w+) (at the top|in the middle|at the bottom)/g)) {
        told.set(height, (told.get(height) ?? 0) + 1);
        const { y } = at(name);
        if (height === 'at the top') expect(y, text).toBeLessThan(0.4 + slack);
        else if (height === 'at the bottom') expect(y, text).toBeGreaterThan(0.6 - slack);
        else expect(Math.abs(y - 0.5), text).toBeLessThan(0.1 + slack);
      }
    });
    for (const phrase of ['above', 'below', 'next to', 'far from', 'at the top', 'in the middle', 'at the bottom']) {
      expect(told.get(phrase), phrase).toBeGreaterThan(10);
    }
  });

  it('backgrounds', () => {
    const tones = new Set<string>();
    scenes.forEach(({ image, labels, captions }) => {
      const sum = [0, 0, 0];
      let count = 0;
      labels?.data.forEach((label, at) => {
        if (!source.classNames?.[label].endsWith(' background')) return;
        count++;
        for (let c = 0; c < 3; c++) sum[c] += image.data[at * 3 + c];
      });
      const [red, green, blue] = sum.map((value) => value / count);
      const light = (red + green + blue) / 3;
      const warmth = (red - blue) / light;
      const tone = warmth > 0.13 ? (light > 135 ? 'beige' : 'brown') : light > 172 ? 'white' : light > 90 ? 'gray' : 'black';
      expect(String(captions.short)).toMatch(new RegExp(` on a ${tone} background$`));
      expect(String(captions.long)).toMatch(new RegExp(`on a \\w+ ${tone} background$`));
      expect([...new Set(labels?.data)].map((label) => source.classNames?.[label])).toContain(`${tone} background`);
      tones.add(tone);
    });
    expect(tones.size).toBe(5);
  });
});

describe('a scene laid out by hand', () => {
  const object = (shape: SceneObject['shape'], x: number, y: number): SceneObject => ({
    shape,
    color: 'red',
    texture: 'plain',
    size: 'small',
    x,
    y,
    radius: 0.1,
    rotation: 0,
    grain: 0,
  });
  const scene = (...objects: SceneObject[]): Scene => ({
    objects,
    background: { tone: 'gray', texture: 'striped', grain: 0 },
    light: { level: 1, strength: 0, angle: 0 },
    noise: 0,
  });
  const long = (...objects: SceneObject[]) => {
    // Some seed names the objects in the order in which they are given.
    for (let seed = 0; seed < 50; seed++) {
      const text = String(sceneCaptions(scene(...objects), createRng(seed)).long);
      if (text.indexOf(objects[0].shape) < text.indexOf(objects[objects.length - 1].shape) || objects.length === 1) return text;
    }
    return '';
  };

  it.each([
    ['above', 0.3, 0.9],
    ['above', 0.49, 0.7],
    ['next to', 0.51, 0.7],
    ['next to', 0.79, 0.5],
    ['far from', 0.81, 0.5],
    ['below', 0.4, 0.1],
  ] as const)('calls (0.3, 0.5) %s (%f, %f), whichever side that is on', (relation, x, y) => {
    expect(long(object('circle', 0.3, 0.5), object('star', x, y))).toContain(`circle ${relation} a small plain red star`);
    expect(long(object('circle', 0.7, 0.5), object('star', 1 - x, y))).toContain(`circle ${relation} a small plain red star`);
  });

  it.each([
    ['at the top', 0.39],
    ['in the middle', 0.41],
    ['in the middle', 0.59],
    ['at the bottom', 0.61],
  ] as const)('is %s at height %f', (height, y) => {
    expect(long(object('circle', 0.5, y))).toMatch(`a small plain red circle ${height}, on a striped gray background`);
  });
});
