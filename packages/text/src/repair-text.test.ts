import { expect, it } from 'vitest';
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
])('repairs %j as the documentation of ftfy says', (text, expected) => {
  expect(repair(text)).toBe(expected);
});
