import type { Sample, SampleSource } from '../src/sample.ts';
import { gradient } from './pictures.ts';

/** A source that remembers what was read of it. */
export type FakeSource = SampleSource & {
  /** Indices in the order in which their reading began. */
  readonly begun: number[];
  /** How many reads are under way, and how many were at most. */
  readonly underWay: { now: number; most: number };
};

/** `size` samples with pictures of their own, named `key0`, `key1`, ... `before` runs before a sample is given out: it may wait, or throw. */
export function fakeSource(
  size: number,
  { before, change }: { before?: (index: number) => void | Promise<void>; change?: (index: number) => Partial<Sample> } = {},
): FakeSource {
  const begun: number[] = [];
  const underWay = { now: 0, most: 0 };
  return {
    description: `${size} fake samples`,
    size,
    hasLabelMaps: false,
    begun,
    underWay,
    key: (index) => `key${index}`,
    async read(index) {
      begun.push(index);
      underWay.now++;
      underWay.most = Math.max(underWay.most, underWay.now);
      try {
        await before?.(index);
        const image = gradient(5 + (index % 3), 4 + (index % 5), index + 1);
        return { key: `key${index}`, image, captions: { alt: `caption ${index}` }, ...change?.(index) };
      } finally {
        underWay.now--;
      }
    },
    async close() {},
  };
}
