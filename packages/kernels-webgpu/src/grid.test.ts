import { expect, it } from 'vitest';
import { workgroupCounts } from './grid.ts';

it.each([0, 1, 65535, 65536, 65537, 1_000_003, 65535 * 65535])(
  'folds %i workgroups into dimensions that every device takes',
  (count) => {
    const [x, y, z] = workgroupCounts(count);
    expect(Math.max(x, y, z)).toBeLessThanOrEqual(65535);
    expect(x * y * z).toBeGreaterThanOrEqual(count);
    expect(x * y * z - count).toBeLessThan(Math.max(1, y));
  },
);

it('leaves counts along three dimensions alone', () => {
  expect(workgroupCounts([3, 4, 5])).toEqual([3, 4, 5]);
});
