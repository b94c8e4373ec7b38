import type { RgbImage } from '../../sample.ts';

/** Boxes in a row that stand for a Gaussian. */
const PASSES = 3;

/**
 * Blurs with a Gaussian of deviation `sigma` pixels, bit for bit as Pillow's `GaussianBlur(sigma)`: three extended box blurs across, then three down, each
 * rounded to 8 bits, as if the image went on with the pixels of its border. An extended box is `2 r + 1` pixels of equal weight and one more on either
 * side with a part of it, so that its variance is exactly a third of the Gaussian's.
 *
 * @see Pillow, src/libImaging/BoxBlur.c; Gwosdek, Grewenig, Bruhn, Weickert 2011, "Theoretical Foundations of Gaussian Convolution by Extended Box Filtering"
 */
export function gaussianBlur({ width, height, data }: RgbImage, sigma: number): RgbImage {
  const box = extendedBox(sigma);
  const blurred = Uint8Array.from(data);
  const spare = new Uint8Array(data.length);
  for (const axis of [
    { lines: height, length: width, step: 3 },
    { lines: 1, length: height, step: width * 3 },
  ]) {
    let [from, to] = [blurred, spare];
    for (let pass = 0; pass < PASSES; pass++) {
      boxBlur(from, to, axis, box);
      [from, to] = [to, from];
    }
    blurred.set(from);
  }
  return { width, height, data: blurred };
}

/** Whole radius, and the weights of a pixel within it and of the two just outside, in units of 2^-24. */
type ExtendedBox = { readonly radius: number; readonly inner: number; readonly outer: number };

/** The box of which {@link PASSES} make a Gaussian, in the single precision of Pillow. The numbers in brackets are the paper's equations. */
function extendedBox(sigma: number): ExtendedBox {
  const f = Math.fround;
  const variance = f(f(f(sigma) * f(sigma)) / PASSES);
  const length = f(Math.sqrt(12 * variance + 1)); // (7)
  const radius = f(Math.floor((length - 1) / 2)); // (11)
  const next = f(radius + 1);
  const over = f(f(2 * radius + 1) * f(f(radius * next) - f(3 * variance)));
  const fraction = f(over / f(6 * f(variance - f(next * next)))); // (14)
  const total = f(radius + fraction);
  const whole = Math.trunc(total);
  const inner = Math.trunc(f(2 ** 24 / f(f(total * 2) + 1)));
  return { radius: whole, inner, outer: Math.trunc((2 ** 24 - (whole * 2 + 1) * inner) / 2) };
}

/** One pass along an axis: each of `lines` is `length` positions of `step` values that do not mix. */
function boxBlur(
  from: Uint8Array,
  to: Uint8Array,
  { lines, length, step }: { lines: number; length: number; step: number },
  { radius, inner, outer }: ExtendedBox,
): void {
  const reach = radius * step;
  const within = Math.min(radius, length);
  for (let line = 0; line < lines; line++) {
    const start = line * length * step;
    for (let first = start; first < start + step; first++) {
      const last = first + (length - 1) * step;
      // The sum over the radius around the position before the first: whatever lies outside is the first or the last pixel.
      let sum = from[first] * (radius + 1) + from[last] * (radius - within);
      for (let x = 0; x < within; x++) sum += from[first + x * step];
      let entering = from[Math.min(first + reach, last)];
      let left = first - reach - step;
      let right = first + reach + step;
      for (let at = first; at <= last; at += step, left += step, right += step) {
        const before = from[Math.max(left, first)];
        const after = from[Math.min(right, last)];
        sum = (sum + entering - before) | 0;
        to[at] = (Math.imul(sum, inner) + Math.imul(before + after, outer) + (1 << 23)) >>> 24;
        entering = after;
      }
    }
  }
}
