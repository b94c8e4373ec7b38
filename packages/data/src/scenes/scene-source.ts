import { createRng, type Rng, VitrailError } from '@vitrail/core';
import { pick } from '../phrases/phrases.ts';
import { requireIndex } from '../require-index.ts';
import type { SampleSource } from '../sample.ts';
import { drawScene } from './draw-scene.ts';
import { SCENE_TEMPLATES, SCENE_WORDS, sceneCaptions } from './scene-captions.ts';
import { layoutScene } from './scene-layout.ts';
import { OBJECT_NAMES, objectClass, SCENE_CLASSES } from './vocabulary.ts';

/** The two sets of scenes; they share none. */
export const SCENE_SPLITS = ['train', 'test'] as const;

/** What {@link sceneSource} takes. */
export type SceneOptions = {
  /** Scenes in the set; 10,000 when absent. A larger set begins with the scenes of a smaller one. */
  readonly count?: number;
  /** Side of the pictures, in pixels, 16 to 1,024; 64 when absent. A scene has the same objects in the same places at every size. */
  readonly size?: number;
  /** 0 when absent. */
  readonly seed?: number | string;
  /** `'train'` when absent. */
  readonly split?: (typeof SCENE_SPLITS)[number];
};

/** Objects in a scene; one of these, all alike. */
const OBJECT_COUNTS = [1, 2, 3, 4] as const;

/**
 * Procedural scenes: one to four shapes (circle, square, triangle, star) in five colours, plain or patterned, small or large, on a muted
 * background, with captions of three granularities (`alt`, `short`, `long`) and the class of every pixel. They need no files and draw in well
 * under a millisecond, so a whole pretraining run can be tried anywhere.
 *
 * Scene `index` is a pure function of (seed, split, index): it draws from `createRng(seed).fork('scenes', split, index)`.
 *
 * - All objects lie inside the picture, no two of a scene have the same colour and shape, and at least 70 % of each is visible
 *   (below 64 pixels a pixel more or less of a small object may count for a few per cent).
 * - Pixels hold 25 classes, `white background`, ..., `black background`, `red circle`, `red square`, ..., `purple star`: that of the front-most object
 *   that covers at least half of the pixel, else the background's.
 * - Captions are true of the whole picture and of its mirror image: nothing is left or right, since the loader's views are flipped (as TIPS flips
 *   them). Like those of TIPS they are not changed for a crop, which may miss some of what they name.
 * - `singles()`: as many scenes of one object each, named by 20 classes, without the background.
 *
 * The pictures answer to TIPSv2, section 3.5: web alt-text, a short synthetic caption, a long one that names everything.
 *
 * @throws `invalid-argument` for options that cannot be met; so does reading past the end.
 * @example (await sceneSource({ count: 100, size: 64 }).read(0)).image.data.length // 64 * 64 * 3
 */
export function sceneSource(options: SceneOptions = {}): SampleSource {
  const { count = 10_000, size = 64, seed = 0, split = 'train' } = options;
  requireWhole('count', count, 1, Number.MAX_SAFE_INTEGER);
  requireWhole('size', size, 16, 1024);
  if (!SCENE_SPLITS.includes(split)) {
    throw new VitrailError(
      'invalid-argument',
      `scenes: split is ${SCENE_SPLITS.join(' or ')}, but ${JSON.stringify(split)} came`,
    );
  }
  const root = createRng(seed);
  const scenes = (kind: 'scenes' | 'singles', sceneAt: (rng: Rng) => ReturnType<typeof layoutScene>) => {
    const key = (index: number) => `${kind === 'scenes' ? 'scene' : 'single'}-${split}-${String(index).padStart(6, '0')}`;
    const draw = (index: number) => {
      requireIndex(index, count, 'scenes');
      const rng = root.fork(kind, split, index);
      const scene = sceneAt(rng);
      return { scene, key: key(index), ...drawScene(scene, size), captions: sceneCaptions(scene, rng) };
    };
    return { key, draw };
  };
  const many = scenes('scenes', (rng) => layoutScene(rng, pick(OBJECT_COUNTS, rng)));
  const single = scenes('singles', (rng) => layoutScene(rng, 1));
  const common = { size: count, words: SCENE_WORDS, templates: SCENE_TEMPLATES, close: async () => {} };
  return {
    ...common,
    description: `${count} scenes of ${size} x ${size} pixels (${split}, seed ${seed})`,
    classNames: SCENE_CLASSES,
    hasLabelMaps: true,
    key: many.key,
    async read(index) {
      const { key, image, labels, captions } = many.draw(index);
      return { key, image, captions, labels };
    },
    singles: () => ({
      ...common,
      description: `${count} scenes of one object, ${size} x ${size} pixels (${split}, seed ${seed})`,
      classNames: OBJECT_NAMES,
      hasLabelMaps: false,
      key: single.key,
      async read(index) {
        const { key, scene, image, captions } = single.draw(index);
        const [{ color, shape }] = scene.objects;
        return { key, image, captions, classIndex: objectClass(color, shape) };
      },
    }),
  };
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (!(Number.isSafeInteger(value) && value >= least && value <= most)) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new VitrailError('invalid-argument', `scenes: ${name} is a whole number ${range}, but ${value} came`);
  }
}
