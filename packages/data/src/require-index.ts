import { VitrailError } from '@vitrail/core';

/** @throws `invalid-argument` unless `index` is the number of one of `size` samples; `what` says in the plural what they are. */
export function requireIndex(index: number, size: number, what: string): void {
  if (!(Number.isInteger(index) && index >= 0 && index < size)) {
    throw new VitrailError('invalid-argument', `${what} are numbered from 0 to ${size - 1}, but ${index} was asked for`);
  }
}
