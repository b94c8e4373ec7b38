import { tipsStreams, tipsv2Streams } from '@vitrail/captions';
import { flattenTree } from '@vitrail/core';
import { expect, it } from 'vitest';
import { tips, tipsv2 } from './index.ts';

/** Settings of a preset in which TIPS and TIPSv2 differ, and what each has. */
function differences(name: string) {
  const [first, second] = [tips, tipsv2].map(({ presets }) => flattenTree<unknown>(presets[name].config));
  expect(Object.keys(first)).toEqual(Object.keys(second));
  const paths = Object.keys(first).filter((path) => JSON.stringify(first[path]) !== JSON.stringify(second[path]));
  return Object.fromEntries(paths.map((path) => [path, [first[path], second[path]]]));
}

const patchesAndTeacher = { 'loss.patch': ['ibot', 'ibot++'], 'teacher.policy': ['full', 'heads'] };

it.each(Object.keys(tipsv2.presets).filter((name) => name !== 'small'))('differs from TIPSv2 in three settings: %s', (name) => {
  expect(differences(name)).toEqual({ ...patchesAndTeacher, 'captions.streams': [tipsStreams, tipsv2Streams] });
});

it('differs from TIPSv2 in two settings: small, whose TIPSv2 has no long captions either', () => {
  expect(differences('small')).toEqual(patchesAndTeacher);
});
