import type { SampleSource } from '@vitrail/data';

/** Samples at the start of the data that are looked at. */
const lookedAt = 32;

/**
 * A sentence for every caption stream whose granularities the data seems not to have: another caption stands in for them at every draw,
 * which is as stated for captions that are missing here and there, and hardly what was meant where they are missing everywhere.
 */
export async function streamWarnings(source: SampleSource, streams: readonly (readonly string[])[]): Promise<string[]> {
  if (streams.length === 0) return [];
  const count = Math.min(lookedAt, source.size);
  // A sample that cannot be read is the loader's to report.
  const samples = await Promise.all(Array.from({ length: count }, (_, index) => source.read(index).catch(() => undefined)));
  const present = new Set(samples.flatMap((sample) => Object.keys(sample?.captions ?? {})));
  if (present.size === 0) return [];
  return streams.flatMap((granularities, stream) =>
    granularities.some((name) => present.has(name))
      ? []
      : `captions.streams[${stream}] asks for ${granularities.join(' or ')}, but the first ${count} samples have only ${[...present].join(', ')}, which stand in`,
  );
}
