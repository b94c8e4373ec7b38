import { tipsStreams, tipsv2Streams } from '@vitrail/captions';
import { flattenTree } from '@vitrail/core';
import { expect, it } from 'vitest';
import { tips, tipsv2 } from './index.ts';

it.each(Object.keys(tipsv2.presets))('differs from TIPSv2 in three settings: %s', (name) => {
  const [first, second] = [tips, tipsv2].map(({ presets }) => flattenTree<unknown>(presets[name].config));
  expect(Object.keys(first)).toEqual(Object.keys(second));
  const differing = Object.keys(first).filter((path) => JSON.stringify(first[path]) !== JSON.stringify(second[path]));
  expect(differing.sort()).toEqual(['captions.streams', 'loss.patch', 'teacher.policy']);
  const values = (flat: typeof first) => differing.map((path) => flat[path]);
  expect(values(first)).toEqual([tipsStreams, 'ibot', 'full']);
  expect(values(second)).toEqual([tipsv2Streams, 'ibot++', 'heads']);
});
