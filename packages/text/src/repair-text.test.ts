import { expect, it } from 'vitest';
import repairedByFtfy from '../fixtures/mojibake.json' with { type: 'json' };
import { textRepairer } from './repair-text.ts';

const repair = textRepairer();

it.each([
  [
    '&eacute; &EACUTE; &SZLIG; &NTILDE; &nTILDE; &amp;amp;lt; &#233; &hearts &copy2024',
    'é É SS Ñ &nTILDE; < é &hearts &copy2024',
  ],
  ['&lt; first\n<b> &lt;\n&lt; last', '< first\n<b> &lt;\n&lt; last'],
  ['\x80 \x93quoted\x94 \x85', '€ "quoted" …'],
  ['ﬂuﬃeﬆ ŉ Ǆ', "fluffiest 'n DŽ"],
  ['ＬＯＵＤ　ＮＯＩＳＥＳ Ｕﾀｰﾝ', 'LOUD NOISES Uターン'],
  ['a\r\nb\rc\u2028d', 'a\nb\nc\nd'],
  ['\u001b[36;44mblue\u001b[0m', 'blue'],
  ['\ufeffa\0b\u206ac\ufffcd\t\u200d', 'abcd\t\u200d'],
  ['cafe\u0301', 'café'],
  ['âœ” No problems', '✔ No problems'],
  ['&macr;\\_(ã\x83\x84)_/&macr;', '¯\\_(ツ)_/¯'],
  ['sÃ³ schÃ¶n voilÃ le travail', 'só schön voilà le travail'],
  ['Ã la mode', 'à la mode'],
  ['â€œ like this â€�', '" like this �'],
  ["(à¸‡'âŒ£')à¸‡", "(ง'⌣')ง"],
])('repairs %j as the documentation of ftfy says', (text, expected) => {
  expect(repair(text)).toBe(expected);
});

it('repairs mojibake as ftfy does: every encoding, every rule, twice over, amid good text, with bytes that got lost', () => {
  expect(repairedByFtfy.length).toBeGreaterThan(400);
  for (const [text, repaired] of repairedByFtfy) expect(repair(text as string), JSON.stringify(text)).toBe(repaired);
});

it('repairs a line of a million characters as one and a longer one in parts', () => {
  const [long, cut] = ['a'.repeat(999_998), 'a'.repeat(999_999)];
  expect(repair(`${long}Ã©`).slice(-3)).toBe('aaé');
  expect(repair(`${cut}Ã©`).slice(-3)).toBe('aÃ©');
});
