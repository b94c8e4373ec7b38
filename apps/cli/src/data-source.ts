import type { IndexStore, SampleSource } from '@vitrail/data';
import { openSource } from '@vitrail/data/node';

/**
 * Opens the data of a spec and says on stderr what it is, and what a user should hear of before trusting it (shards that are cut off).
 *
 * @param options.index where the index of shards is kept.
 */
export async function openAnnouncedSource(spec: string, options: { index?: IndexStore } = {}): Promise<SampleSource> {
  const source = await openSource(spec, options);
  process.stderr.write(`data: ${source.description}\n`);
  for (const warning of source.warnings ?? []) process.stderr.write(`warning: ${warning}\n`);
  return source;
}
