/** An sRGB colour, each channel a whole number in 0..255. */
export type Rgb = [red: number, green: number, blue: number];

/**
 * The sRGB colour at a place of OKLCH (Ottosson 2020, "A perceptual color space for image processing"); where the screen cannot show so
 * much chroma, the most it can.
 *
 * @param lightness in [0, 1]; @param chroma from 0 (gray) to about 0.3; @param hue in degrees.
 */
export function oklch(lightness: number, chroma: number, hue: number): Rgb {
  const angle = (hue * Math.PI) / 180;
  for (let reach = chroma; ; reach -= 0.005) {
    const linear = linearFromOklab([lightness, Math.max(0, reach) * Math.cos(angle), Math.max(0, reach) * Math.sin(angle)]);
    if (reach <= 0 || linear.every((channel) => channel >= -1e-4 && channel <= 1 + 1e-4)) {
      return linear.map((channel) => Math.round(255 * encodeGamma(Math.min(1, Math.max(0, channel))))) as Rgb;
    }
  }
}

/** How different two colours look: the distance in OKLab (black to white is 1, just noticeable about 0.02). */
export function colorDistance(a: Rgb, b: Rgb): number {
  return distance(oklabFromLinear(linearOf(a)), oklabFromLinear(linearOf(b)));
}

/**
 * The smallest distance between two colours as seen with common vision, without red cones and without green cones (matrices of Machado,
 * Oliveira and Fernandes 2009, severity 1).
 */
export function colorBlindDistance(a: Rgb, b: Rgb): number {
  const [linearA, linearB] = [linearOf(a), linearOf(b)];
  const seen = [PROTANOPIA, DEUTERANOPIA].map((matrix) =>
    distance(oklabFromLinear(times(matrix, linearA)), oklabFromLinear(times(matrix, linearB))),
  );
  return Math.min(distance(oklabFromLinear(linearA), oklabFromLinear(linearB)), ...seen);
}

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const PROTANOPIA: Matrix = [
  [0.152286, 1.052583, -0.204868],
  [0.114503, 0.786281, 0.099216],
  [-0.003882, -0.048116, 1.051998],
];
const DEUTERANOPIA: Matrix = [
  [0.367322, 0.860646, -0.227968],
  [0.280085, 0.672501, 0.047413],
  [-0.01182, 0.04294, 0.968881],
];
const LMS_FROM_LINEAR: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const OKLAB_FROM_LMS: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];
const LMS_FROM_OKLAB: Matrix = [
  [1, 0.3963377774, 0.2158037573],
  [1, -0.1055613458, -0.0638541728],
  [1, -0.0894841775, -1.291485548],
];
const LINEAR_FROM_LMS: Matrix = [
  [4.0767416621, -3.3077115913, 0.2309699292],
  [-1.2684380046, 2.6097574011, -0.3413193965],
  [-0.0041960863, -0.7034186147, 1.707614701],
];

function times(matrix: Matrix, [x, y, z]: Triple): Triple {
  return matrix.map((row) => row[0] * x + row[1] * y + row[2] * z) as unknown as Triple;
}

function oklabFromLinear(linear: Triple): Triple {
  return times(OKLAB_FROM_LMS, times(LMS_FROM_LINEAR, linear).map(Math.cbrt) as unknown as Triple);
}

function linearFromOklab(lab: Triple): Triple {
  return times(LINEAR_FROM_LMS, times(LMS_FROM_OKLAB, lab).map((cone) => cone ** 3) as unknown as Triple);
}

function linearOf(color: Rgb): Triple {
  return color.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
}

function encodeGamma(value: number): number {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}

function distance(a: Triple, b: Triple): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
