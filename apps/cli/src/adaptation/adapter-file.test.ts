import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors } from '@vitrail/checkpoints';
import { expect, it, onTestFinished } from 'vitest';
import { readAdapterOrigin } from './adapter-file.ts';

async function fileWith(origin: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vitrail-adapter-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'adapter.safetensors');
  await writeFile(path, encodeSafetensors({}, { 'vitrail.adapter': origin }));
  return path;
}

// An unknown method would be taken for the last one, and end as a shape that does not fit.
it.each([
  ['of a method that there is not', '{"method":"adapters","widths":{"image":8}}', 'there is no method "adapters"'],
  ['without widths', '{"method":"lora"}', 'the widths are missing'],
  ['that is no JSON', '{', 'JSON'],
])('refuses metadata %s', async (_, origin, reason) => {
  await expect(readAdapterOrigin(await fileWith(origin))).rejects.toThrow(reason);
});
