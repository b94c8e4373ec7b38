import { expect, it } from 'vitest';
import { expectError } from '../test/expect-error.ts';
import { parseSourceSpec } from './source-spec.ts';

it.each([
  ['scenes', { kind: 'scenes', options: {} }],
  ['scenes?', { kind: 'scenes', options: {} }],
  ['scenes?count=20000', { kind: 'scenes', options: { count: 20000 } }],
  ['scenes?split=test&count=512&size=224&seed=7', { kind: 'scenes', options: { split: 'test', count: 512, size: 224, seed: 7 } }],
  ['scenes?seed=spring', { kind: 'scenes', options: { seed: 'spring' } }],
  ['mosaic:a/*.tar', { kind: 'mosaic', pattern: 'a/*.tar', options: {} }],
  ['mosaic:a/*.tar?grid=2', { kind: 'mosaic', pattern: 'a/*.tar', options: { grid: 2 } }],
  [
    'mosaic:a/*.tar?grid=1..3&count=9&tileSize=64',
    { kind: 'mosaic', pattern: 'a/*.tar', options: { grid: [1, 3], count: 9, tileSize: 64 } },
  ],
  ['shards/{00..03}.tar', { kind: 'shards', pattern: 'shards/{00..03}.tar' }],
  ['./scenes', { kind: 'shards', pattern: './scenes' }],
])('%s', (spec, expected) => {
  expect(parseSourceSpec(spec)).toEqual(expected);
});

it.each([
  ['train-000?.tar', { kind: 'shards', pattern: 'train-000?.tar' }],
  ['train-?', { kind: 'shards', pattern: 'train-?' }],
  ['mosaic:train-???.tar', { kind: 'mosaic', pattern: 'train-???.tar', options: {} }],
  ['mosaic:train-?.tar?grid=2', { kind: 'mosaic', pattern: 'train-?.tar', options: { grid: 2 } }],
  ['mosaic:a=1?b.tar', { kind: 'mosaic', pattern: 'a=1?b.tar', options: {} }],
  ['https://host/a.tar?key=1&x=2', { kind: 'shards', pattern: 'https://host/a.tar?key=1&x=2' }],
  [
    'mosaic:https://host/a.tar?key=1&x=2?grid=3',
    { kind: 'mosaic', pattern: 'https://host/a.tar?key=1&x=2', options: { grid: 3 } },
  ],
])('tells the wildcard and the query from options: %s', (spec, expected) => {
  expect(parseSourceSpec(spec)).toEqual(expected);
});

it.each([
  ['scenes?cuont=4', 'unknown-name', /no option "cuont"; did you mean "count"\?/],
  ['scenes?grid=2', 'unknown-name', /scenes has no option "grid" \(options: count, size, seed, split\)/],
  ['scenes?constructor=2', 'unknown-name', /no option "constructor"/],
  ['mosaic:a.tar?tilesize=8', 'unknown-name', /did you mean "tileSize"\?/],
  ['mosaic:https://host/a.tar?key=1', 'unknown-name', /no option "key".*'a.tar\?key=1\?grid=2'/],
  ['shards/*.tar?grid=2', 'unknown-name', /shards take no options \(grid=2\); did you mean mosaic:shards\/\*\.tar\?grid=2\?/],
  ['scene?count=4', 'unknown-name', /no data source "scene"; did you mean scenes\?/],
  ['scenes?count', 'invalid-argument', /count= takes a whole number, but "count" came/],
  ['scenes?count=many', 'invalid-argument', /but "count=many" came/],
  ['scenes?count=-4', 'invalid-argument', /but "count=-4" came/],
  ['scenes?seed=', 'invalid-argument', /seed= takes a whole number or a word/],
  ['scenes?split=tset', 'invalid-argument', /split= takes train or test, but "split=tset" came/],
  ['scenes?count=4&count=5', 'invalid-argument', /count is there twice/],
  ['mosaic:a.tar?grid=1..', 'invalid-argument', /grid= takes a whole number or a range, as in 1\.\.3/],
  ['', 'invalid-argument', /names no files; the specs are scenes/],
  ['mosaic:', 'invalid-argument', /names no files/],
  ['mosaic:?grid=2', 'invalid-argument', /names no files/],
] as const)('refuses %s', async (spec, code, message) => {
  await expectError(() => parseSourceSpec(spec), code, message);
});
