import { VitrailError } from '@vitrail/core';
import type { Readout } from './family.ts';

/** Throws `invalid-argument` for a read-out that a family does not know; none means `tokens`. */
export function requireReadout(family: string, readout: Readout | undefined, known: readonly Readout[] = ['tokens']): void {
  if (readout === undefined || known.includes(readout)) return;
  throw new VitrailError('invalid-argument', `${family}: features are read as ${known.join(' or ')}, but ${readout} came`);
}
