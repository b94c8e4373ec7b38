import { VitrailError } from '@vitrail/core';
import type { Sample } from '@vitrail/data';

/** Granularities from the one that tells most to the one that tells least; others come after these. */
const descriptiveFirst = ['long', 'short', 'alt'];

/** The caption of a sample that tells most. */
export function descriptiveCaption(sample: Sample): string {
  for (const granularity of [...descriptiveFirst, ...Object.keys(sample.captions)]) {
    const caption = [sample.captions[granularity] ?? []].flat().find((text) => text.trim() !== '');
    if (caption !== undefined) return caption;
  }
  throw new VitrailError('missing-data', `${sample.key} has no caption`);
}
