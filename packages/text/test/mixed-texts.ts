/** What `tools/reference/tokenizers.py` draws its texts from. */
export type TextPools = {
  readonly pools: readonly (readonly string[])[];
  /** Runs of code points, in lists of which each is as likely. */
  readonly ranges: readonly (readonly (readonly number[])[])[];
  readonly joints: readonly string[];
};

/** The texts of `tools/reference/tokenizers.py` (mixed_texts): the same for the same seed. */
export function mixedTexts({ pools, ranges, joints }: TextPools, seed: number, count: number): string[] {
  const draw = drawer(seed);
  const piece = (pool: readonly string[]) => pool[draw(pool.length)];
  const anyPool = () => pools[draw(pools.length)];
  const times = <T>(length: number, make: () => T): T[] => Array.from({ length }, make);
  const character = () => {
    const runs = ranges[draw(ranges.length)];
    const [low, high] = runs[draw(runs.length)];
    return String.fromCodePoint(low + draw(high - low + 1));
  };
  const text = (): string => {
    const kind = draw(10);
    if (kind < 3) {
      const pool = anyPool();
      return times(draw(12), () => piece(pool)).join(' ');
    }
    if (kind < 5) return times(draw(24), () => piece(draw(4) ? pools[0] : anyPool())).join(' ');
    if (kind < 8) {
      const joint = joints[draw(joints.length)];
      return times(draw(16), () => piece(anyPool())).join(joint);
    }
    if (kind === 8) {
      const one = piece(anyPool());
      return one.repeat(1 + draw(1 + Math.floor(600 / [...one].length)));
    }
    return times(draw(40), character).join('');
  };
  return times(count, text);
}

/** mulberry32: whole numbers below `n`. */
export function drawer(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}
