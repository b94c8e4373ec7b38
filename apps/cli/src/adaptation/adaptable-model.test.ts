import { fileURLToPath } from 'node:url';
import { openModelAt } from '@vitrail/pretrained/node';
import { expect, it } from 'vitest';
import { requireAdaptable } from './adaptable-model.ts';

const fixtures = new URL('../../../../packages/pretrained/test/fixtures/', import.meta.url);

// It would end in an error about a property of nothing.
it.each(['clip-vision', 'tipsv2-vision'])('refuses a vision tower alone, which has no names for classes: %s', async (form) => {
  const model = await openModelAt(fileURLToPath(new URL(form, fixtures)));
  await expect(requireAdaptable(model)).rejects.toThrow('has no text tower, so no class has a name for it');
  model.dispose();
});
