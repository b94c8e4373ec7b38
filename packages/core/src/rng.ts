import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { VitrailError } from './errors.ts';

/**
 * A stream of random numbers that can be split into independent streams by name.
 *
 * Draws advance the stream; {@link Rng.fork} does not and depends only on the seed and the path of names, never on how many numbers were
 * drawn before. So `createRng(seed).fork('mask', epoch, sample)` is the same mask on any worker, in any order, after any resume.
 */
export interface Rng {
  /**
   * An independent stream named by `path`: text and whole numbers, a number being the same name as its decimal text. The same path of the
   * same parent always gives the same stream, and `fork('a', 'b')` is `fork('a').fork('b')`.
   *
   * @throws `invalid-argument` without a name, which would give the parent's own stream again, and for numbers that are not whole
   */
  fork(...path: (string | number)[]): Rng;
  /**
   * A number uniform in `[low, high)`; `[0, 1)` by default, with 53 random bits. Where `low` equals `high` it is that number, and where it
   * is above, uniform in `(high, low]`, as Python's `random.uniform`.
   *
   * @throws `invalid-argument` for bounds that are not finite
   */
  uniform(low?: number, high?: number): number;
  /**
   * A whole number uniform in `[low, high)`.
   *
   * @throws `invalid-argument` for bounds that are not whole or leave no number between them
   */
  integer(low: number, high: number): number;
  /** A sample of N(0, 1) (Marsaglia's polar method). */
  normal(): number;
  /**
   * A uniformly random order of `0 .. n-1` (Fisher-Yates), `[n]`.
   *
   * @throws `invalid-argument` unless `n` is a whole number from 0 to 2^31
   */
  permutation(n: number): Int32Array;
}

/**
 * xoroshiro128+ (of `pure-rand`), keyed by a 128-bit hash of `seed`. A number and its decimal string are the same seed.
 *
 * Streams are for drawing samples, not for secrets.
 *
 * @throws `invalid-argument` for a number that is not whole
 * @see Blackman, Vigna 2021, "Scrambled Linear Pseudorandom Number Generators", https://arxiv.org/abs/1805.01407
 * @example createRng(7).fork('order', 0).permutation(50_000).length // 50000
 */
export function createRng(seed: number | string): Rng {
  requireName('a seed', seed);
  return rngFromKey(hash128([0, 0, 0, 0], String(seed)));
}

type Key = readonly [number, number, number, number];

function rngFromKey(key: Key): Rng {
  // All-zero is the one state that xoroshiro cannot leave.
  const generator = xoroshiro128plusFromState(key.every((word) => word === 0) ? [1, 0, 0, 0] : key);
  let spareNormal: number | undefined;

  const uniform = (low = 0, high = 1) => {
    if (!Number.isFinite(high - low)) {
      throw new VitrailError('invalid-argument', `uniform(low, high) needs finite numbers, but got ${low} and ${high}`);
    }
    const value = low + (high - low) * uniformFloat64(generator);
    // Rounding can reach `high`, which is not in the range.
    return (low < high ? value < high : value > high) ? value : low;
  };
  const integer = (low: number, high: number) => {
    if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && high > low)) {
      throw new VitrailError(
        'invalid-argument',
        `integer(low, high) needs whole numbers with low < high, but got ${low} and ${high}`,
      );
    }
    return uniformInt(generator, low, high - 1);
  };
  return {
    uniform,
    integer,
    fork(...path) {
      if (path.length === 0) throw new VitrailError('invalid-argument', 'fork needs at least one name: fork("mask", 3)');
      for (const name of path) requireName('a name of a stream', name);
      return rngFromKey(path.reduce<Key>((parent, name) => hash128(parent, String(name)), key));
    },
    normal() {
      if (spareNormal !== undefined) {
        const spare = spareNormal;
        spareNormal = undefined;
        return spare;
      }
      let u: number;
      let v: number;
      let squared: number;
      do {
        u = uniform(-1, 1);
        v = uniform(-1, 1);
        squared = u * u + v * v;
      } while (squared >= 1 || squared === 0);
      const factor = Math.sqrt((-2 * Math.log(squared)) / squared);
      spareNormal = v * factor;
      return u * factor;
    },
    permutation(n) {
      if (!(Number.isInteger(n) && n >= 0 && n <= 2 ** 31)) {
        throw new VitrailError('invalid-argument', `permutation(n) needs a whole number from 0 to 2^31, but got ${n}`);
      }
      const order = new Int32Array(n);
      for (let i = 0; i < n; i++) order[i] = i;
      for (let i = n - 1; i > 0; i--) {
        const j = uniformInt(generator, 0, i);
        const drawn = order[j];
        order[j] = order[i];
        order[i] = drawn;
      }
      return order;
    },
  };
}

function requireName(what: string, name: number | string): void {
  if (typeof name === 'number' && !Number.isSafeInteger(name)) {
    throw new VitrailError('invalid-argument', `${what} is a whole number (or a string), but ${name} came`);
  }
}

/** Four MurmurHash3-style lanes over the UTF-16 code units of `text`, keyed by the parent's key and finalised by mixing the lanes. */
function hash128(parent: Key, text: string): Key {
  let [a, b, c, d] = [parent[0] ^ 0x3c074a61, parent[1] ^ 0x51c06c27, parent[2] ^ 0x2e1b2138, parent[3] ^ 0x6f4a39d5];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = b ^ Math.imul(a ^ unit, 0x9e3779b1);
    b = c ^ Math.imul(b ^ unit, 0x85ebca77);
    c = d ^ Math.imul(c ^ unit, 0xc2b2ae3d);
    d = a ^ Math.imul(d ^ unit, 0x27d4eb2f);
  }
  a ^= text.length;
  for (let round = 0; round < 2; round++) {
    a = mix(a ^ d);
    b = mix(b ^ a);
    c = mix(c ^ b);
    d = mix(d ^ c);
  }
  return [a, b, c, d];
}

/** MurmurHash3's 32-bit finaliser. */
function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}
