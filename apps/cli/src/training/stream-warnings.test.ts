import type { Sample, SampleSource } from '@vitrail/data';
import { expect, it } from 'vitest';
import { streamWarnings } from './stream-warnings.ts';

const image = { width: 1, height: 1, data: new Uint8Array(3) };

function sourceOf(captions: readonly Sample['captions'][]): SampleSource {
  const read = async (index: number) => ({ key: `${index}`, image, captions: captions[index] });
  return { description: 'a test', size: captions.length, hasLabelMaps: false, read, close: async () => {} };
}

it('says which stream finds none of its granularities, a misspelt one for example', async () => {
  const source = sourceOf([{ alt: 'a' }, { alt: 'b', short: 'c' }]);
  expect(await streamWarnings(source, [['alt'], ['shrot']])).toEqual([
    'captions.streams[1] asks for shrot, but the first 2 samples have only alt, short, which stand in',
  ]);
});

it('says nothing where one of the granularities is there now and then', async () => {
  expect(await streamWarnings(sourceOf([{ alt: 'a' }, { alt: 'b', long: 'c' }]), [['alt'], ['short', 'long']])).toEqual([]);
});
