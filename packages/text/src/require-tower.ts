import { VitrailError } from '@vitrail/core';

/** Throws `invalid-argument` unless every number is whole and at least 1, and the heads divide the width. */
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
