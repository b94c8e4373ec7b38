import { VitrailError } from '@vitrail/core';

/**
 * The name with the largest score; among equals the one that comes first. For choosing how dense features are read (value attention or plain
 * patches) on a validation half, so that the test half is measured once.
 *
 * @throws `missing-data` without scores, `non-finite` for a score that is no number
 * @example chooseReadout({ value: 0.21, 'value-only': 0.24, plain: 0.1 }) // 'value-only'
 */
export function chooseReadout(scoresByName: Readonly<Record<string, number>>): string {
  let best: string | undefined;
  for (const [name, score] of Object.entries(scoresByName)) {
    if (!Number.isFinite(score)) throw new VitrailError('non-finite', `chooseReadout: the score of ${name} is ${score}`);
    if (best === undefined || score > scoresByName[best]) best = name;
  }
  if (best === undefined) throw new VitrailError('missing-data', 'chooseReadout: scores has at least one name, but none came');
  return best;
}
