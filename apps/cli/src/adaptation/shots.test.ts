import { VitrailError } from '@vitrail/core';
import type { BadSample, SampleSource } from '@vitrail/data';
import { expect, it } from 'vitest';
import { drawShots } from './shots.ts';

/** 90 pictures of three classes in turn; number 7 is damaged, and number 8 has no class. */
const source: SampleSource & { readonly classNames: readonly string[] } = {
  description: 'ninety pictures',
  size: 90,
  classNames: ['cat', 'dog', 'ship'],
  hasLabelMaps: false,
  key: (index) => `picture-${index}`,
  async read(index) {
    if (index === 7) throw new VitrailError('corrupt-data', 'it is damaged');
    const image = { width: 1, height: 1, data: Uint8Array.of(index, 0, 0) };
    return { key: `picture-${index}`, image, captions: {}, ...(index !== 8 && { classIndex: index % 3 }) };
  },
  close: async () => {},
};

/** The numbers of the pictures of a part. */
async function numbersOf({ size, read }: SampleSource): Promise<number[]> {
  return await Promise.all(Array.from({ length: size }, async (_, index) => (await read(index)).image.data[0]));
}

async function draw(seed: number, { perClass = 4, others = 1000 } = {}) {
  const bad: BadSample[] = [];
  const { train, rest } = await drawShots(source, { perClass, others, seed, onBadSample: (sample) => bad.push(sample) });
  return { train: await numbersOf(train), rest: await numbersOf(rest), bad: bad.map(({ key }) => key).sort() };
}

it('draws as many of every class, and measures on others: on none that was learned from', async () => {
  const { train, rest, bad } = await draw(0);
  for (const known of [0, 1, 2]) expect(train.filter((number) => number % 3 === known)).toHaveLength(4);
  expect(new Set([...train, ...rest]).size).toBe(88);
  expect(rest).toHaveLength(88 - 12);
  expect(bad).toEqual(['picture-7', 'picture-8']);
  expect((await draw(0, { others: 10 })).rest).toEqual(rest.slice(0, 10));
});

it('draws the same with the same seed, and others with another', async () => {
  expect(await draw(1)).toEqual(await draw(1));
  expect((await draw(2)).train).not.toEqual((await draw(1)).train);
});

it('says which class has too few, and when nothing is left to be measured on', async () => {
  await expect(draw(0, { perClass: 30 })).rejects.toThrow(
    '--shots asks for 30 pictures of every class, but there are 29 of "dog" in ninety',
  );
  const balanced = { ...source, read: async (index: number) => source.read(index === 7 ? 10 : index === 8 ? 11 : index) };
  const all = { perClass: 30, others: 5, seed: 0, onBadSample: () => {} };
  await expect(drawShots(balanced, all)).rejects.toThrow('none is left to be measured on');
});
