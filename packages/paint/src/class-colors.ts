import { colorBlindDistance, colorDistance, oklch, type Rgb } from './oklab.ts';

/** Lightness, chroma and hue (OKLCH) of the colour words a class name may start with. */
const COLOR_WORDS: Readonly<Record<string, readonly [number, number, number]>> = {
  red: [0.6, 0.22, 25],
  orange: [0.75, 0.16, 58],
  yellow: [0.87, 0.17, 97],
  lime: [0.87, 0.21, 125],
  green: [0.64, 0.18, 145],
  teal: [0.62, 0.1, 188],
  cyan: [0.83, 0.13, 200],
  turquoise: [0.8, 0.12, 182],
  blue: [0.57, 0.19, 258],
  purple: [0.53, 0.2, 303],
  violet: [0.53, 0.2, 292],
  magenta: [0.64, 0.25, 335],
  pink: [0.79, 0.13, 358],
  brown: [0.46, 0.09, 52],
  beige: [0.84, 0.05, 85],
  white: [0.93, 0, 0],
  gray: [0.68, 0, 0],
  grey: [0.68, 0, 0],
  black: [0.18, 0, 0],
};

const BACKGROUND = oklch(0.33, 0.008, 265);

/** The first choices for names without a colour word: glass blue, amber, emerald, ruby, and so on. */
const GLASS = [
  oklch(0.56, 0.18, 262),
  oklch(0.79, 0.16, 72),
  oklch(0.67, 0.13, 165),
  oklch(0.58, 0.21, 20),
  oklch(0.83, 0.1, 220),
  oklch(0.5, 0.2, 305),
  oklch(0.92, 0.13, 104),
  oklch(0.78, 0.12, 352),
];

/** Below this (OKLab) two colours of a map are hard to tell apart. */
const TOO_NEAR = 0.035;

/**
 * A colour for every class of a segmentation map, in the order of the names.
 *
 * - `background` is a neutral dark gray.
 * - A name that starts with a colour word (`red circle`) gets a tint of that colour; what follows the word decides how dark, so that all
 *   circles are lighter than all stars. Names that promise a colour keep it even where colour-blind eyes mix it up with another.
 * - Any other name gets what is farthest from the colours taken so far, as seen with and without red and green cones.
 *
 * The same names give the same colours.
 */
export function classColors(names: readonly string[]): [number, number, number][] {
  const words = names.map(colorWord);
  const shapes = [...new Set(words.flatMap((word) => (word === undefined ? [] : [word.rest])))];
  const colors: (Rgb | undefined)[] = names.map((name) => (name.toLowerCase() === 'background' ? BACKGROUND : undefined));
  const taken = colors.filter((color) => color !== undefined);
  const take = (index: number, color: Rgb) => {
    colors[index] = color;
    taken.push(color);
  };
  for (const [i, word] of words.entries()) {
    if (word === undefined) continue;
    const tint = tintOf(word.color, shapes.length === 1 ? 0 : 1 - (2 * shapes.indexOf(word.rest)) / (shapes.length - 1));
    if (taken.every((other) => colorDistance(tint, other) > TOO_NEAR)) take(i, tint);
  }
  const missing = [...names.keys()].filter((i) => colors[i] === undefined);
  const fresh = freshColors(taken, missing.length);
  for (const [k, i] of missing.entries()) colors[i] = fresh[k];
  return colors as Rgb[];
}

/** A colour word a little lighter (`tint` = 1) or darker (-1), its hue leaning with it. */
function tintOf([lightness, chroma, hue]: readonly [number, number, number], tint: number): Rgb {
  const reach = Math.min(0.14, 0.97 - lightness, lightness - 0.06);
  return oklch(lightness + reach * tint, chroma * (1 - 0.15 * Math.abs(tint)), hue + (chroma === 0 ? 0 : 9 * tint));
}

/** As many colours as asked for, each the farthest from all before it; once colour-blind eyes have no room left, as others see it. */
function freshColors(taken: readonly Rgb[], count: number): Rgb[] {
  const fresh: Rgb[] = [];
  const candidates =
    count === 0
      ? []
      : CANDIDATES.map((color) => ({ color, blindRoom: Number.POSITIVE_INFINITY, room: Number.POSITIVE_INFINITY }));
  const crowd = (color: Rgb) => {
    for (const candidate of candidates) {
      candidate.blindRoom = Math.min(candidate.blindRoom, colorBlindDistance(candidate.color, color));
      candidate.room = Math.min(candidate.room, colorDistance(candidate.color, color));
    }
  };
  for (const color of taken) crowd(color);
  while (fresh.length < count) {
    const glass = GLASS.find((color) => [...taken, ...fresh].every((other) => colorBlindDistance(color, other) > 0.08));
    const forBlind = candidates.reduce((best, candidate) => (candidate.blindRoom > best.blindRoom ? candidate : best));
    const forOthers = candidates.reduce((best, candidate) => (candidate.room > best.room ? candidate : best));
    const next = glass ?? (forBlind.blindRoom > TOO_NEAR ? forBlind : forOthers).color;
    fresh.push(next);
    crowd(next);
  }
  return fresh;
}

const CANDIDATES: readonly Rgb[] = [0.42, 0.5, 0.58, 0.66, 0.74, 0.82, 0.9].flatMap((lightness) =>
  [0.07, 0.14, 0.21].flatMap((chroma) => Array.from({ length: 30 }, (_, i) => oklch(lightness, chroma, 12 * i))),
);

function colorWord(name: string): { color: readonly [number, number, number]; rest: string } | undefined {
  const [first, ...rest] = name
    .toLowerCase()
    .trim()
    .split(/[\s_-]+/);
  return Object.hasOwn(COLOR_WORDS, first) ? { color: COLOR_WORDS[first], rest: rest.join(' ') } : undefined;
}
