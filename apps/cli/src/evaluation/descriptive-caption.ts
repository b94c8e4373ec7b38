import { VitrailError } from '@vitrail/core';
import type { Sample, SampleSource } from '@vitrail/data';

/** Granularities from the one that tells most to the one that tells least; others come after these. */
const descriptiveFirst = ['long', 'short', 'alt'];

/** Samples that are looked at for a caption before a source is taken to have none. */
const LOOKED_AT = 32;

/** The caption of a sample that tells most, where it has one. */
export function findCaption({ captions }: Sample): string | undefined {
  return [...descriptiveFirst, ...Object.keys(captions)]
    .flatMap((granularity) => captions[granularity] ?? [])
    .find((text) => text.trim() !== '');
}

/** The same for samples that must have one. @throws `corrupt-data` when it has none. */
export function descriptiveCaption(sample: Sample): string {
  const caption = findCaption(sample);
  if (caption === undefined) throw new VitrailError('corrupt-data', 'it has no caption');
  return caption;
}

/** Whether one of the first samples of a source has a caption. */
export async function hasCaptions(source: SampleSource): Promise<boolean> {
  for (let index = 0; index < Math.min(source.size, LOOKED_AT); index++) {
    const sample = await source.read(index).catch(() => undefined);
    if (sample !== undefined && findCaption(sample) !== undefined) return true;
  }
  return false;
}
