import { VitrailError } from '@vitrail/core';

/** Throws `invalid-argument` unless `value` is a finite number of at least `minimum` and, if one is given, below `limit`. */
export function requireAtLeast(name: string, value: number, minimum: number, limit = Number.POSITIVE_INFINITY): void {
  if (value >= minimum && value < limit) return;
  const upper = limit === Number.POSITIVE_INFINITY ? '' : ` and below ${limit}`;
  throw new VitrailError('invalid-argument', `${name} is a number of at least ${minimum}${upper}, but ${value} came`);
}

/** Throws `invalid-argument` unless `value` is a finite number above 0. */
export function requirePositive(name: string, value: number): void {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return;
  throw new VitrailError('invalid-argument', `${name} is a number above 0, but ${value} came`);
}
