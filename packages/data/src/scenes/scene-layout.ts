import type { Rng } from '@vitrail/core';
import { pick } from '../phrases/phrases.ts';
import { SHAPE_EXTENT, shapeDistance } from './shape-distance.ts';
import {
  BACKGROUND_TEXTURES,
  type BackgroundTexture,
  COLOR_NAMES,
  type Color,
  SHAPES,
  type Shape,
  SIZE_NAMES,
  SIZES,
  type Size,
  TEXTURES,
  type Texture,
  TONE_NAMES,
  type Tone,
} from './vocabulary.ts';

/** A thing in a scene. Lengths are shares of the picture's side; `y` points down. */
export type SceneObject = {
  readonly shape: Shape;
  readonly color: Color;
  readonly texture: Texture;
  readonly size: Size;
  /** Of the centre. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Of the shape, in radians. */
  readonly rotation: number;
  /** Of the pattern, in radians. */
  readonly grain: number;
};

/** What is in a scene, at no particular resolution. */
export type Scene = {
  /** From back to front. No two have the same colour and shape. */
  readonly objects: readonly SceneObject[];
  readonly background: { readonly tone: Tone; readonly texture: BackgroundTexture; readonly grain: number };
  /** Brightness in the middle of the picture, and how much it changes towards the edge that lies at `angle` radians. */
  readonly light: { readonly level: number; readonly strength: number; readonly angle: number };
  /** A whole number that names the noise of the pixels. */
  readonly noise: number;
};

/** Least part of every object that the ones in front of it leave visible, as measured on the grid of {@link visibleShares}. */
const LEAST_VISIBLE = 0.75;

/** Layouts tried before an object is given up. */
const LAYOUTS = 10;
const PLACES = 20;

/** Centres keep at least this many times the sum of their radii apart. */
const LEAST_DISTANCE = 0.65;

/** Largest turn of a shape: none that makes a square a diamond, or moves a triangle's tip off the top. */
const LARGEST_TURN: Readonly<Record<Shape, number>> = { circle: 0, square: 0.35, triangle: 0.4, star: 0.3 };

/**
 * A random scene of `count` objects. All lie inside the picture, and at least 70 % of each is visible; where `count` objects do not fit so after ten
 * layouts, there are fewer.
 */
export function layoutScene(rng: Rng, count: number): Scene {
  const background = {
    tone: pick(TONE_NAMES, rng),
    texture: pick(BACKGROUND_TEXTURES, rng),
    grain: rng.uniform(0, Math.PI),
  };
  const light = { level: rng.uniform(0.9, 1.05), strength: rng.uniform(0, 0.12), angle: rng.uniform(0, 2 * Math.PI) };
  const noise = rng.integer(0, 2 ** 31);
  for (let attempt = 0; ; attempt++) {
    const objects = placeObjects(rng, Math.max(1, count - Math.floor(attempt / LAYOUTS)));
    if (objects !== undefined && visibleShares(objects).every((share) => share >= LEAST_VISIBLE)) {
      return { objects, background, light, noise };
    }
  }
}

function placeObjects(rng: Rng, count: number): SceneObject[] | undefined {
  const objects: SceneObject[] = [];
  while (objects.length < count) {
    const kind = drawKind(rng);
    if (objects.some(({ color, shape }) => color === kind.color && shape === kind.shape)) continue;
    const reach = kind.radius * SHAPE_EXTENT;
    for (let attempt = 0; ; attempt++) {
      if (attempt === PLACES) return undefined;
      const x = rng.uniform(reach, 1 - reach);
      const y = rng.uniform(reach, 1 - reach);
      const isFree = objects.every(
        (other) => Math.hypot(x - other.x, y - other.y) >= LEAST_DISTANCE * (kind.radius + other.radius),
      );
      if (!isFree) continue;
      objects.push({ ...kind, x, y });
      break;
    }
  }
  return objects;
}

function drawKind(rng: Rng): Omit<SceneObject, 'x' | 'y'> {
  const shape = pick(SHAPES, rng);
  const size = pick(SIZE_NAMES, rng);
  return {
    shape,
    color: pick(COLOR_NAMES, rng),
    texture: pick(TEXTURES, rng),
    size,
    radius: rng.uniform(SIZES[size][0], SIZES[size][1]),
    rotation: rng.uniform(-LARGEST_TURN[shape], LARGEST_TURN[shape]),
    grain: rng.uniform(0, Math.PI),
  };
}

/** Points across the picture at which visibility is measured: the layout must not depend on the resolution it is drawn at. */
const SAMPLES = 64;

/** The part of each object that no later one covers, to about 2 %. */
function visibleShares(objects: readonly SceneObject[]): number[] {
  return objects.map((object, i) => {
    const inFront = objects.slice(i + 1).filter((other) => touches(object, other));
    if (inFront.length === 0) return 1;
    let area = 0;
    let visible = 0;
    const reach = object.radius * SHAPE_EXTENT;
    for (let v = Math.floor((object.y - reach) * SAMPLES); v < (object.y + reach) * SAMPLES; v++) {
      for (let u = Math.floor((object.x - reach) * SAMPLES); u < (object.x + reach) * SAMPLES; u++) {
        const x = (u + 0.5) / SAMPLES;
        const y = (v + 0.5) / SAMPLES;
        if (!covers(object, x, y)) continue;
        area++;
        if (!inFront.some((other) => covers(other, x, y))) visible++;
      }
    }
    return visible / area;
  });
}

function touches(a: SceneObject, b: SceneObject): boolean {
  return Math.hypot(a.x - b.x, a.y - b.y) < SHAPE_EXTENT * (a.radius + b.radius);
}

function covers({ shape, x, y, radius, rotation }: SceneObject, atX: number, atY: number): boolean {
  const dx = (atX - x) / radius;
  const dy = (atY - y) / radius;
  const cos = Math.cos(rotation);
  const sin = Math.sin(rotation);
  return shapeDistance(shape, cos * dx + sin * dy, cos * dy - sin * dx) <= 0;
}
