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
  const sums = new Int32Array(step); // Over the radius around the position.
  const last = (length - 1) * step;
  for (let line = 0; line < lines; line++) {
    const start = line * length * step;
    // Around the position before the first: whatever lies outside is the first or the last pixel.
    const within = Math.min(radius, length);
    for (let i = 0; i < step; i++) {
      let sum = from[start + i] * (radius + 1) + from[start + last + i] * (radius - within);
      for (let x = 0; x < within; x++) sum += from[start + x * step + i];
      sums[i] = sum;
    }
    for (let x = 0; x < length; x++) {
      const at = start + x * step;
      const left = start + Math.max(x - radius - 1, 0) * step;
      const entering = start + Math.min(x + radius, length - 1) * step;
      const right = start + Math.min(x + radius + 1, length - 1) * step;
      for (let i = 0; i < step; i++) {
        const sum = sums[i] + from[entering + i] - from[left + i];
        sums[i] = sum;
        to[at + i] = (Math.imul(sum, inner) + Math.imul(from[left + i] + from[right + i], outer) + (1 << 23)) >>> 24;
      }
    }
  }
}
