import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource, openTensorFile } from '@vitrail/checkpoints';
import { expect, it } from 'vitest';
import { families } from '../src/index.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const forms = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory());

it.each(forms.map(({ name }) => name))('%s belongs to one family', async (form) => {
  const folder = join(fixtures, form);
  const names = readdirSync(folder);
  const weights = names.filter((name) => /\.(safetensors|npz|pt|pth)$/.test(name) && name !== 'expected.safetensors');
  const files = await Promise.all(weights.map((name) => openTensorFile(bytesSource(readFileSync(join(folder, name)), name))));
  const json = names.find((name) => /^(open_clip_)?config\.json$/.test(name));
  const header = {
    config: json && JSON.parse(readFileSync(join(folder, json), 'utf8')),
    tensors: Object.assign({}, ...files.map(({ tensors }) => tensors)),
    metadata: Object.assign({}, ...files.map(({ metadata }) => metadata)),
  };
  expect(families.filter((family) => family.recognise(header) !== undefined).map(({ name }) => name)).toHaveLength(1);
});
