import { expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { expandBraces } from './brace-expansion.ts';

/** What bash 5 prints for `echo PATTERN`. */
const BASH: [pattern: string, words: string][] = [
  ['plain.tar', 'plain.tar'],
  ['train-{00..03}.tar', 'train-00.tar train-01.tar train-02.tar train-03.tar'],
  ['{8..11}', '8 9 10 11'],
  ['{08..11}', '08 09 10 11'],
  ['{8..011}', '008 009 010 011'],
  ['{0..2}', '0 1 2'],
  ['{0..10}', '0 1 2 3 4 5 6 7 8 9 10'],
  ['{3..1}', '3 2 1'],
  ['{7..7}', '7'],
  ['{a,b}{1..2}', 'a1 a2 b1 b2'],
  ['x{,y}z', 'xz xyz'],
  ['{a,b{1,2},c{3..4}}', 'a b1 b2 c3 c4'],
  ['{{a,b},c}', 'a b c'],
  ['{{a,b}}', '{a} {b}'],
  ['{{1..2}}', '{1} {2}'],
  ['{x}{a,b}', '{x}a {x}b'],
  ['{x}', '{x}'],
  ['{}', '{}'],
  ['a{b', 'a{b'],
  ['a}b', 'a}b'],
  ['{a{b,c}', '{ab {ac'],
  ['{1..}', '{1..}'],
];

it.each(BASH)('%s', (pattern, words) => {
  expect(expandBraces(pattern)).toEqual(words.split(' '));
});

it('refuses more than 100,000 words, however they come about, at once', async () => {
  expect(expandBraces('{1..100000}').length).toBe(100_000);
  for (const pattern of ['{0..100000}', '{1..400}{1..400}', '{{1..60000},{1..60000}}', '{0..99999999999999999999}']) {
    await expectError(() => expandBraces(pattern), 'invalid-argument', /stands for more than 100000 names/);
  }
});
