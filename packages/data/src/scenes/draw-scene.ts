import type { LabelMap, RgbImage } from '../sample.ts';
import { hash, pattern } from './pattern.ts';
import type { Scene, SceneObject } from './scene-layout.ts';
import { SHAPE_EXTENT, shapeDistance } from './shape-distance.ts';
import { backgroundLabel, COLORS, objectLabel, type Rgb, TONES } from './vocabulary.ts';

/** Lengths of patterns, as shares of the picture's side. */
const OBJECT_PERIOD = 0.1;
const BACKGROUND_PERIOD = 0.16;

/** How far, of 255, the second colour of a background's pattern goes from a middling first one towards the other end of the gray scale. */
const BACKGROUND_SHIFT = 35;

/** Largest deviation of a pixel's channel by noise, of 255. */
const NOISE = 8;

/** Colours on their way to the picture, `[size * size * 3]` in 0..255 but for rounding, and the classes. */
type Canvas = { readonly size: number; readonly colors: Float32Array; readonly labels: Uint8Array };

/**
 * Draws a scene at `size` by `size` pixels, anti-aliased, back to front, with a gentle light and noise of up to 8 of 255 levels.
 *
 * A pixel is labelled with the front-most object that covers at least half of it, else with the background: places in `SCENE_CLASSES`.
 */
export function drawScene(scene: Scene, size: number): { image: RgbImage; labels: LabelMap } {
  const canvas = {
    size,
    colors: new Float32Array(size * size * 3),
    labels: new Uint8Array(size * size).fill(backgroundLabel(scene.background.tone)),
  };
  drawBackground(canvas, scene);
  for (const object of scene.objects) drawObject(canvas, object);
  const data = develop(canvas, scene);
  return { image: { width: size, height: size, data }, labels: { width: size, height: size, data: canvas.labels } };
}

function drawBackground({ size, colors }: Canvas, { background, noise }: Scene): void {
  const { tone, texture, grain } = background;
  const base = TONES[tone];
  const shifted = (value: number) => value + BACKGROUND_SHIFT * (value < 128 ? 1 : -1) * (1 - Math.abs(value - 128) / 255);
  const second: Rgb = [shifted(base[0]), shifted(base[1]), shifted(base[2])];
  const mixAt = pattern(texture, { period: size * BACKGROUND_PERIOD, grain, seed: noise });
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at += 3) blend(colors, at, base, second, mixAt(x + 0.5, y + 0.5), 1);
  }
}

function drawObject({ size, colors, labels }: Canvas, object: SceneObject): void {
  const { shape, color, texture, x, y, radius, rotation, grain } = object;
  const { base, second } = COLORS[color];
  const label = objectLabel(color, shape);
  const pixels = radius * size;
  const reach = pixels * SHAPE_EXTENT + 1;
  const [centreX, centreY] = [x * size, y * size];
  const cos = Math.cos(rotation) / pixels;
  const sin = Math.sin(rotation) / pixels;
  const mixAt = pattern(texture, { period: size * OBJECT_PERIOD, grain, seed: 0 });
  const [left, right] = [Math.max(0, Math.floor(centreX - reach)), Math.min(size, Math.ceil(centreX + reach))];
  const [top, bottom] = [Math.max(0, Math.floor(centreY - reach)), Math.min(size, Math.ceil(centreY + reach))];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const dx = column + 0.5 - centreX;
      const dy = row + 0.5 - centreY;
      const coverage = 0.5 - pixels * shapeDistance(shape, cos * dx + sin * dy, cos * dy - sin * dx);
      if (coverage <= 0) continue;
      const at = row * size + column;
      blend(colors, at * 3, base, second, mixAt(dx, dy), Math.min(1, coverage));
      if (coverage >= 0.5) labels[at] = label;
    }
  }
}

/** Lays `base` with `mix` parts of `second` over what is at `at`, with opacity `coverage`. */
function blend(colors: Float32Array, at: number, base: Rgb, second: Rgb, mix: number, coverage: number): void {
  for (let c = 0; c < 3; c++) {
    const color = base[c] + mix * (second[c] - base[c]);
    colors[at + c] += coverage * (color - colors[at + c]);
  }
}

/** Light, noise and rounding. */
function develop({ size, colors }: Canvas, { light, noise }: Scene): Uint8Array {
  const data = new Uint8Array(colors.length);
  const across = (2 * light.strength * Math.cos(light.angle)) / size;
  const down = (2 * light.strength * Math.sin(light.angle)) / size;
  for (let y = 0, pixel = 0; y < size; y++) {
    for (let x = 0; x < size; x++, pixel++) {
      const brightness = light.level + across * (x - size / 2) + down * (y - size / 2);
      let bits = hash(pixel + noise);
      for (let at = pixel * 3; at < pixel * 3 + 3; at++, bits >>= 8) {
        const value = colors[at] * brightness + ((bits & 255) - 127.5) * (NOISE / 127.5) + 0.5;
        data[at] = Math.min(255, Math.max(0, value));
      }
    }
  }
  return data;
}
