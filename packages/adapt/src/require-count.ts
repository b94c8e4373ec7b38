import { VitrailError } from '@vitrail/core';

/** Throws `invalid-argument` unless `value` is a whole number of at least 1. */
export function requireCount(what: string, name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new VitrailError('invalid-argument', `${what}: ${name} is a whole number of at least 1, but ${value} came`);
}
