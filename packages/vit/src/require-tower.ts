import { VitrailError } from '@vitrail/core';

/**
 * Throws `invalid-argument` unless every number of a tower's configuration is whole and at least 1, and its heads divide its width.
 *
 * @example requireTower('initText', { width: 384, heads: 6, depth: 12 })
 */
export function requireTower(what: string, counts: Readonly<{ width: number; heads: number; [name: string]: number }>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (!(Number.isSafeInteger(count) && count >= 1)) {
      throw new VitrailError('invalid-argument', `${what}: ${name} must be a whole number of at least 1, but ${count} came`);
    }
  }
  const { width, heads } = counts;
  if (width % heads !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `${what}: heads must divide width, but ${heads} heads and a width of ${width} came`,
    );
  }
}
