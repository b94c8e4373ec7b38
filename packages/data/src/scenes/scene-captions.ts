import type { Rng } from '@vitrail/core';
import { ALT_WORDS, altText } from '../phrases/alt-text.ts';
import { LONG_TEMPLATES, SHORT_TEMPLATES } from '../phrases/caption-templates.ts';
import { listPhrase, pick, wordsOf } from '../phrases/phrases.ts';
import type { SampleCaptions } from '../sample.ts';
import type { Scene, SceneObject } from './scene-layout.ts';
import { BACKGROUND_TEXTURES, COLOR_NAMES, SHAPES, SIZE_NAMES, TEXTURES, TONE_NAMES } from './vocabulary.ts';

const HEIGHTS = ['at the top', 'in the middle', 'at the bottom'] as const;
const RELATIONS = ['above', 'below', 'next to', 'far from'] as const;

/** Neighbours side by side are next to each other when the gap between them, as a share of the picture's side, is at most this. */
const NEAR = 0.3;

/** Prompts that sound like the captions of scenes. */
export const SCENE_TEMPLATES: readonly string[] = [
  'a {}',
  'a picture of a {}',
  'a picture with a {}',
  'there is a {}',
  'we see a {}',
];

/** Every word of the captions and prompts of scenes. */
export const SCENE_WORDS: readonly string[] = wordsOf([
  ...SHAPES,
  ...COLOR_NAMES,
  'a',
  'and',
  ...SIZE_NAMES,
  ...TEXTURES,
  ...RELATIONS,
  ...HEIGHTS,
  'on background',
  ...TONE_NAMES,
  ...BACKGROUND_TEXTURES,
  ...SHORT_TEMPLATES,
  ...LONG_TEMPLATES,
  ...ALT_WORDS,
]);

/**
 * What can be said about a scene, all of it true, and true of its mirror image too, since loaders flip pictures: nothing is left or right.
 *
 * - `alt`: {@link altText}, which names one object or some;
 * - `short`: all objects by colour and shape, in any order, and the tone of the background;
 * - `long`: all objects by size, pattern, colour and shape, with how they lie to each other (two and two) or how high (an odd one), and the background.
 *
 * Relations are between centres: `above` and `below` where the height differs by at least as much as the side, else `next to`, or `far from`
 * with more than three tenths of the picture between them. `At the top` is the upper two fifths, `at the bottom` the lower two.
 */
export function sceneCaptions({ objects, background }: Scene, rng: Rng): SampleCaptions {
  const order = Array.from(rng.permutation(objects.length), (i) => objects[i]);
  const names = order.map(({ color, shape }) => `${color} ${shape}`);
  const parts: string[] = [];
  for (let i = 0; i < order.length; i += 2) {
    const pair = order.slice(i, i + 2);
    parts.push(
      pair.length === 2
        ? `${describe(pair[0])} ${relation(pair[0], pair[1])} ${describe(pair[1])}`
        : `${describe(pair[0])} ${height(pair[0])}`,
    );
  }
  const { tone, texture } = background;
  return {
    alt: altText(names, rng),
    short: pick(SHORT_TEMPLATES, rng).replace('{}', `${listPhrase(names.map((name) => `a ${name}`))} on a ${tone} background`),
    long: pick(LONG_TEMPLATES, rng).replace('{}', `${parts.join(', and ')}, on a ${texture} ${tone} background`),
  };
}

function describe({ size, texture, color, shape }: SceneObject): string {
  return `a ${size} ${texture} ${color} ${shape}`;
}

function relation(a: SceneObject, b: SceneObject): (typeof RELATIONS)[number] {
  const dx = Math.abs(b.x - a.x);
  const dy = b.y - a.y;
  if (Math.abs(dy) >= dx) return dy > 0 ? 'above' : 'below';
  return Math.hypot(dx, dy) - a.radius - b.radius <= NEAR ? 'next to' : 'far from';
}

function height({ y }: SceneObject): (typeof HEIGHTS)[number] {
  return HEIGHTS[y < 0.4 ? 0 : y <= 0.6 ? 1 : 2];
}
