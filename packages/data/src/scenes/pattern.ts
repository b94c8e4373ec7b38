import type { BackgroundTexture, Texture } from './vocabulary.ts';

/** How much of a pattern's second colour a point has, in `[0, 1]`. */
export type Pattern = (x: number, y: number) => number;

/**
 * A pattern over the pixels of a picture, turned by `grain` radians, its edges a pixel wide.
 *
 * @param period of the repetition, in pixels
 * @param seed of `cloudy`, the one that is random
 */
export function pattern(
  texture: Texture | BackgroundTexture,
  { period, grain, seed }: { period: number; grain: number; seed: number },
): Pattern {
  const cos = Math.cos(grain) / period;
  const sin = Math.sin(grain) / period;
  switch (texture) {
    case 'plain':
      return () => 0;
    case 'striped':
      return (x, y) => stripe(cos * x + sin * y, period);
    case 'checkered':
      return (x, y) => {
        const across = stripe(cos * x + sin * y, period);
        const along = stripe(cos * y - sin * x, period);
        return across + along - 2 * across * along;
      };
    case 'dotted':
      return (x, y) => {
        const u = cos * x + sin * y;
        const v = cos * y - sin * x;
        const du = u - Math.floor(u) - 0.5;
        const dv = v - Math.floor(v) - 0.5;
        return clamp(0.5 + (DOT_RADIUS - Math.sqrt(du * du + dv * dv)) * period);
      };
    case 'cloudy':
      return (x, y) => valueNoise(cos * x + sin * y, cos * y - sin * x, seed);
  }
}

/** Of a dot, in periods. */
const DOT_RADIUS = 0.33;

/** 1 on half of every unit of `u`, 0 on the other half, over an edge of `1 / period`. */
function stripe(u: number, period: number): number {
  const fromMiddle = Math.abs(u - Math.floor(u) - 0.5);
  return clamp(0.5 + (0.25 - fromMiddle) * period);
}

/** Random values on the whole numbers, joined smoothly. */
function valueNoise(u: number, v: number, seed: number): number {
  const column = Math.floor(u);
  const row = Math.floor(v);
  const across = smooth(u - column);
  const down = smooth(v - row);
  const at = (i: number, j: number) =>
    (hash(Math.imul(column + i, 0x27d4eb2f) ^ Math.imul(row + j, 0x165667b1) ^ seed) & 255) / 255;
  const top = at(0, 0) + across * (at(1, 0) - at(0, 0));
  const bottom = at(0, 1) + across * (at(1, 1) - at(0, 1));
  return top + down * (bottom - top);
}

/** 32 well mixed bits of a whole number (MurmurHash3's finaliser). */
export function hash(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

function clamp(x: number): number {
  return Math.min(1, Math.max(0, x));
}
