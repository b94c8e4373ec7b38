/** 8-bit sRGB. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The shapes that objects of a scene have. */
export const SHAPES = ['circle', 'square', 'triangle', 'star'] as const;

/** The colours that objects have, as named: the colour itself, and the second one of a pattern, of the same hue. */
export const COLORS = {
  red: { base: [214, 48, 44], second: [136, 18, 22] },
  green: { base: [52, 164, 70], second: [20, 92, 40] },
  blue: { base: [44, 96, 214], second: [134, 174, 250] },
  yellow: { base: [240, 200, 40], second: [174, 128, 10] },
  purple: { base: [142, 62, 180], second: [208, 160, 234] },
} as const satisfies Record<string, { base: Rgb; second: Rgb }>;

/** Patterns of objects. */
export const TEXTURES = ['plain', 'striped', 'dotted', 'checkered'] as const;

/** Least and largest radius of an object, as a share of the picture's side; nothing lies between small and large. */
export const SIZES = { small: [0.1, 0.13], large: [0.18, 0.23] } as const;

/** The colours of backgrounds: muted, so that none is the colour of an object. */
export const TONES = {
  white: [226, 225, 221],
  gray: [138, 141, 145],
  beige: [205, 190, 162],
  brown: [108, 90, 74],
  black: [46, 48, 53],
} as const satisfies Record<string, Rgb>;

/** Patterns of backgrounds. */
export const BACKGROUND_TEXTURES = ['plain', 'striped', 'dotted', 'checkered', 'cloudy'] as const;

/** One of {@link SHAPES}. */
export type Shape = (typeof SHAPES)[number];
/** A name in {@link COLORS}. */
export type Color = keyof typeof COLORS;
/** One of {@link TEXTURES}. */
export type Texture = (typeof TEXTURES)[number];
/** A name in {@link SIZES}. */
export type Size = keyof typeof SIZES;
/** A name in {@link TONES}. */
export type Tone = keyof typeof TONES;
/** One of {@link BACKGROUND_TEXTURES}. */
export type BackgroundTexture = (typeof BACKGROUND_TEXTURES)[number];

/** Names of {@link COLORS}, in their order. */
export const COLOR_NAMES = Object.keys(COLORS) as Color[];
/** Names of {@link SIZES}, in their order. */
export const SIZE_NAMES = Object.keys(SIZES) as Size[];
/** Names of {@link TONES}, in their order. */
export const TONE_NAMES = Object.keys(TONES) as Tone[];

/** The 20 things a scene can show, colour by colour: `red circle`, `red square`, ..., `purple star`. */
export const OBJECT_NAMES: readonly string[] = COLOR_NAMES.flatMap((color) => SHAPES.map((shape) => `${color} ${shape}`));

/** The place of a colour and shape in {@link OBJECT_NAMES}. */
export function objectClass(color: Color, shape: Shape): number {
  return COLOR_NAMES.indexOf(color) * SHAPES.length + SHAPES.indexOf(shape);
}

/**
 * The 25 classes of a scene's pixels: backgrounds by their tone (`white background`, ...), then {@link OBJECT_NAMES}.
 *
 * Backgrounds are told apart because captions do: a word that every long caption holds tells pictures apart no more than `a` does, so no
 * contrastive loss could teach what a plain `background` looks like.
 */
export const SCENE_CLASSES: readonly string[] = [...TONE_NAMES.map((tone) => `${tone} background`), ...OBJECT_NAMES];

/** The place of a background in {@link SCENE_CLASSES}. */
export function backgroundLabel(tone: Tone): number {
  return TONE_NAMES.indexOf(tone);
}

/** The place of an object in {@link SCENE_CLASSES}. */
export function objectLabel(color: Color, shape: Shape): number {
  return TONE_NAMES.length + objectClass(color, shape);
}
