import { VitrailError } from '@vitrail/core';
import { expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { collectClassNames } from './class-names.ts';
import type { SampleFields } from './sample-fields.ts';

const collect = (samples: readonly (SampleFields | Error)[]) =>
  collectClassNames(samples.length, async (index) => {
    const sample = samples[index];
    if (sample instanceof Error) throw sample;
    return sample;
  });
const json = (fields: Record<string, unknown>): SampleFields => ({ json: fields });

it('sorts the names that labels give', async () => {
  expect(await collect(['ship', 'cat', 'ship', 'airplane'].map((name, i) => json({ class: name, index: i })))).toEqual([
    'airplane',
    'cat',
    'ship',
  ]);
});

it('names numbered classes by the json field `name`, and those that have none by their number', async () => {
  const samples = [json({ label: 3 }), json({ label: 3, name: ' dog ' }), json({ label: 3, name: 'hound' }), { cls: '1' }];
  expect(await collect(samples)).toEqual(['class 0', 'class 1', 'class 2', 'dog']);
});

it('is undefined where nothing has a label, rather than a list of no classes', async () => {
  expect(await collect([json({ caption: 'x' }), {}])).toBeUndefined();
});

it('takes no part of a damaged label, which makes one bad sample and no more', async () => {
  const broken = new VitrailError('corrupt-data', 'not JSON');
  expect(
    await collect([broken, json({ label: 2 ** 31 }), json({ label: 0 }), json({ label: -1 }), json({ label: 0.5 })]),
  ).toEqual(['class 0']);
});

it('passes on an error of the disk', async () => {
  await expectError(() => collect([new VitrailError('io', 'unplugged')]), 'io', /unplugged/);
});
