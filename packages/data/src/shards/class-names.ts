import { isVitrailError } from '@vitrail/core';
import { rawClassOf, type SampleFields } from './sample-fields.ts';

/** Labels above this are damage, not classes. */
const MAXIMUM_LABEL = 1 << 16;

/**
 * Class names for labels that come without a list, from reading every label once: the sorted names; where labels are whole numbers, the json
 * field `name` of the first sample that has one, else `class 3`. `undefined` when no sample has a label.
 */
export async function collectClassNames(
  size: number,
  fieldsAt: (index: number) => Promise<SampleFields>,
): Promise<string[] | undefined> {
  const numbered: (string | undefined)[] = [];
  const names = new Set<string>();
  for (let index = 0; index < size; index++) {
    const fields = await fieldsAt(index).catch((error: unknown): SampleFields => {
      // A damaged label makes one bad sample when that is read; here it has no name to give.
      if (isVitrailError(error) && error.code === 'corrupt-data') return {};
      throw error;
    });
    const raw = rawClassOf(fields);
    if (typeof raw === 'string') names.add(raw);
    else if (raw !== undefined && Number.isInteger(raw) && raw >= 0 && raw < MAXIMUM_LABEL) {
      const name = fields.json?.name;
      numbered[raw] ??= typeof name === 'string' && name.trim() !== '' ? name.trim() : undefined;
    }
  }
  if (numbered.length > 0) return Array.from(numbered, (name, label) => name ?? `class ${label}`);
  return names.size === 0 ? undefined : [...names].sort();
}
