import { VitrailError } from '@vitrail/core';

/** Throws `invalid-argument` unless `maxTokens` is whole and not smaller than `least`. */
export function requireMaxTokens(what: string, maxTokens: number, least: number): void {
  if (!(Number.isSafeInteger(maxTokens) && maxTokens >= least)) {
    throw new VitrailError(
      'invalid-argument',
      `${what}: maxTokens must be a whole number of at least ${least}, but ${maxTokens} came`,
    );
  }
}
