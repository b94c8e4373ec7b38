import { describe, expect, it } from 'vitest';
import streams from '../fixtures/streams.json' with { type: 'json' };
import { createRng } from './rng.ts';

const draw = (count: number, sample: () => number) => Array.from({ length: count }, sample);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Pearson's statistic over its degrees of freedom: near 1 for even counts. */
function chiSquare(bins: number, values: readonly number[]): number {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[value]++;
  const expected = values.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0) / (bins - 1);
}

/** Six deviations of chi-square over its degrees of freedom. */
const chiLimit = (bins: number) => 1 + 6 * Math.sqrt(2 / (bins - 1));

describe('streams', () => {
  it.each(streams)('of $path are those of a second implementation', ({ path: [seed, ...names], uniforms }) => {
    const root = createRng(seed);
    const rng = names.length > 0 ? root.fork(...names) : root;
    expect(draw(uniforms.length, () => rng.uniform())).toEqual(uniforms);
  });

  it('repeat for the same seed, and a number is its decimal text', () => {
    const [a, b, c] = [createRng(42), createRng(42), createRng('42')];
    const values = draw(10, () => a.uniform());
    expect(draw(10, () => b.uniform())).toEqual(values);
    expect(draw(10, () => c.uniform())).toEqual(values);
    expect(createRng(43).uniform()).not.toBe(values[0]);
  });

  it.each([0.5, Number.NaN, 2 ** 53])('refuse the seed %d', (seed) => {
    expect(() => createRng(seed)).toThrow(`a seed is a whole number (or a string), but ${seed} came`);
  });
});

describe('fork', () => {
  it('depends on the path alone: not on draws before, not on other forks, not on the steps in which it is taken', () => {
    const fresh = createRng(1).fork('mask', 3, 41);
    const used = createRng(1);
    for (let i = 0; i < 7; i++) used.normal();
    used.fork('other').uniform();
    const values = draw(5, () => fresh.uniform());
    const late = used.fork('mask', 3, 41);
    expect(draw(5, () => late.uniform())).toEqual(values);
    const stepwise = used.fork('mask').fork('3').fork(41);
    expect(draw(5, () => stepwise.uniform())).toEqual(values);
  });

  it('does not advance its parent', () => {
    const [forked, plain] = [createRng(1), createRng(1)];
    forked.fork('a').uniform();
    expect(draw(5, () => forked.normal())).toEqual(draw(5, () => plain.normal()));
  });

  it('tells names apart wherever one ends: no two of 120,000 paths share a first draw', () => {
    const root = createRng(0);
    const firsts = new Set<number>();
    const count = (value: number) => firsts.add(value);
    for (let epoch = 0; epoch < 100; epoch++) {
      for (let sample = 0; sample < 1000; sample++) count(root.fork(epoch, sample).uniform());
    }
    for (let i = 0; i < 10_000; i++) count(root.fork(`s${i}`).uniform());
    // A stream per depth of the same name, and the parent itself: the hash has no fixed point at zero or at the root.
    let nested = root;
    for (let i = 0; i < 10_000; i++) {
      nested = nested.fork('');
      count(nested.uniform());
    }
    expect(firsts.size).toBe(120_000);
  });

  it('gives streams that are independent: first draws of neighbours are even and uncorrelated', () => {
    const root = createRng(5).fork('views');
    const firsts = Array.from({ length: 50_000 }, (_, i) => root.fork(i).uniform());
    expect(chiSquare(100, firsts.map((value) => Math.floor(value * 100)))).toBeLessThan(chiLimit(100)); // biome-ignore format: short
    for (const lag of [1, 2, 10, 16, 100, 256]) {
      const products = firsts.slice(lag).map((value, i) => (value - 0.5) * (firsts[i] - 0.5) * 12);
      expect(Math.abs(mean(products)), `lag ${lag}`).toBeLessThan(5 / Math.sqrt(firsts.length));
    }
  });

  it('gives a stream that is uncorrelated with its parent', () => {
    const parent = createRng(5);
    const child = parent.fork('child');
    const products = draw(50_000, () => (parent.uniform() - 0.5) * (child.uniform() - 0.5) * 12);
    expect(Math.abs(mean(products))).toBeLessThan(5 / Math.sqrt(50_000));
  });

  it('refuses a path without names, which would be the parent again, and numbers that are not whole', () => {
    expect(() => createRng(1).fork()).toThrow('fork needs at least one name');
    expect(() => createRng(1).fork('a', Number.NaN)).toThrow('a name of a stream is a whole number (or a string), but NaN came');
  });
});

describe('uniform', () => {
  it('fills [0, 1) evenly, in its leading and in its later digits', () => {
    const rng = createRng(2);
    const values = draw(100_000, () => rng.uniform());
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(chiSquare(256, values.map((value) => Math.floor(value * 256)))).toBeLessThan(chiLimit(256)); // biome-ignore format: short
    const later = values.map((value) => Math.floor(((value * 2 ** 26) % 1) * 256));
    expect(chiSquare(256, later)).toBeLessThan(chiLimit(256));
    const products = values.slice(1).map((value, i) => (value - 0.5) * (values[i] - 0.5) * 12);
    expect(Math.abs(mean(products))).toBeLessThan(5 / Math.sqrt(values.length));
  });

  it('scales to its bounds', () => {
    const [rng, same] = [createRng(2), createRng(2)];
    for (let i = 0; i < 10; i++) expect(rng.uniform(-3, 5)).toBe(-3 + 8 * same.uniform());
    expect(rng.uniform(7, 7)).toBe(7);
    const reversed = draw(100, () => rng.uniform(2, -1));
    expect(reversed.every((value) => value > -1 && value <= 2)).toBe(true);
    expect(Math.max(...reversed)).toBeGreaterThan(1.5);
    expect(Math.min(...reversed)).toBeLessThan(-0.5);
  });

  it('never reaches the upper bound, where rounding would', () => {
    const rng = createRng(2);
    // Only 1 lies in the range; half of all draws round to the number after it.
    const next = 1 + Number.EPSILON;
    expect(new Set(draw(100, () => rng.uniform(1, next)))).toEqual(new Set([1]));
    expect(new Set(draw(100, () => rng.uniform(next, 1)))).toEqual(new Set([next]));
  });

  it.each([
    [Number.NaN, 1],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
    [-Number.MAX_VALUE, Number.MAX_VALUE],
  ])('refuses the bounds %d and %d', (low, high) => {
    expect(() => createRng(1).uniform(low, high)).toThrow('uniform(low, high) needs finite numbers');
  });
});

describe('integer', () => {
  it('gives each number of the range alike, the lower bound included and the upper not', () => {
    const rng = createRng(3);
    const values = draw(70_000, () => rng.integer(-3, 4) + 3);
    expect(new Set(values)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
    expect(chiSquare(7, values)).toBeLessThan(chiLimit(7));
    expect(rng.integer(5, 6)).toBe(5);
  });

  it('covers ranges beyond 32 bits', () => {
    const rng = createRng(3);
    const values = draw(10_000, () => rng.integer(0, 2 ** 40));
    expect(values.every((value) => Number.isSafeInteger(value) && value >= 0 && value < 2 ** 40)).toBe(true);
    expect(chiSquare(16, values.map((value) => Math.floor(value / 2 ** 36)))).toBeLessThan(chiLimit(16)); // biome-ignore format: short
    expect(new Set(values.map((value) => value % 2 ** 32)).size).toBeGreaterThan(9_900);
  });

  it.each([
    [3, 3],
    [4, 3],
    [0, 1.5],
    [Number.NaN, 3],
  ])('refuses the bounds %d and %d', (low, high) => {
    expect(() => createRng(1).integer(low, high)).toThrow('integer(low, high) needs whole numbers with low < high');
  });
});

describe('normal', () => {
  it('has the moments and the tails of N(0, 1), and no correlation within pairs', () => {
    const rng = createRng(4);
    const n = 200_000;
    const values = draw(n, () => rng.normal());
    // The deviations of the sample moments of N(0, 1): sqrt(1, 2, 15, 96 over n); five of them.
    const moments = [1, 2, 3, 4].map((k) => mean(values.map((value) => value ** k)));
    [0, 1, 0, 3].forEach((expected, k) => {
      expect(Math.abs(moments[k] - expected), `moment ${k + 1}`).toBeLessThan(5 * Math.sqrt([1, 2, 15, 96][k] / n));
    });
    for (const [limit, share] of [
      [1, 0.317311],
      [2, 0.0455],
      [3, 0.0027],
    ]) {
      const beyond = values.filter((value) => Math.abs(value) > limit).length / n;
      expect(Math.abs(beyond - share), `beyond ${limit}`).toBeLessThan(5 * Math.sqrt(share / n));
    }
    const pairs = Array.from({ length: n / 2 }, (_, i) => values[2 * i] * values[2 * i + 1]);
    expect(Math.abs(mean(pairs))).toBeLessThan(5 / Math.sqrt(n / 2));
  });
});

describe('permutation', () => {
  it('gives every order of four alike', () => {
    const rng = createRng(6);
    const orders = draw(48_000, () => rng.permutation(4).reduce((code, index) => 4 * code + index, 0));
    const names = [...new Set(orders)];
    expect(names).toHaveLength(24);
    expect(chiSquare(24, orders.map((order) => names.indexOf(order)))).toBeLessThan(chiLimit(24)); // biome-ignore format: short
  });

  it('holds each index once', () => {
    const order = createRng(6).permutation(10_000);
    expect(order).toBeInstanceOf(Int32Array);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
    expect(createRng(6).permutation(0)).toHaveLength(0);
    expect([...createRng(6).permutation(1)]).toEqual([0]);
  });

  it.each([-1, 1.5, Number.NaN])('refuses %d', (n) => {
    expect(() => createRng(1).permutation(n)).toThrow('permutation(n) needs a whole number');
  });
});
