import { expect, it } from 'vitest';
import tokensOfOpenClip from '../fixtures/clip-tokens.json' with { type: 'json' };
import mojibake from '../fixtures/mojibake.json' with { type: 'json' };
import { clipTokenizer } from '../src/clip-tokenizer.ts';
import { encodeBatch } from '../src/encode-batch.ts';
import { tokenizerFromJSON } from '../src/tokenizer-from-json.ts';
import { clipMerges } from './clip-merges.ts';

const merges = clipMerges();
const clip = clipTokenizer({ merges });
const [START, END] = [49406, 49407];

it('has the vocabulary of CLIP', () => {
  expect(merges.length).toBe(48894);
  expect(clip.vocabularySize).toBe(49408);
  expect(clip.maxTokens).toBe(77);
  // Ids 256 and 512 as the specification has them: "!" at the end of a word, and the first merge, "in", inside of one.
  expect(clip.encode('!')).toEqual([START, 256, END]);
  expect(clip.encode('inzzzq').slice(0, 2)).toEqual([START, 512]);
  expect(clip.encode('jekyll')).toEqual([START, 49405, END]);
});

it.each([
  ['a diagram', [320, 22697]],
  ['a dog', [320, 1929]],
  ['a cat', [320, 2368]],
  ['a photo of a cat.', [320, 1125, 539, 320, 2368, 269]],
  ['A  Photo of\n a CAT!', [320, 1125, 539, 320, 2368, 256]],
  ["It's 2023, isn't it?", [585, 568, 273, 271, 273, 274, 267, 2923, 713, 585, 286]],
  ['naïve café — 東京', [1097, 35689, 563, 15304, 2005, 48338, 21078, 361]],
  ['R&amp;B &lt;tag&gt;', [337, 261, 321, 283, 3640, 285]],
  ['hello_world foo-bar', [3306, 318, 1002, 23435, 268, 2411]],
  ['🙂', [14860]],
  ['', []],
  ["don't stop", [847, 713, 1691]],
  ['3.14159', [274, 269, 272, 275, 272, 276, 280]],
  ['itap of my goldfish.', [529, 2728, 539, 607, 40293, 269]],
])('gives the ids of the specification for %j', (text, ids) => {
  expect(clip.encode(text)).toEqual([START, ...ids, END]);
});

it('gives the ids of OpenCLIP for captions, other scripts, emoji, entities and noise', () => {
  expect(tokensOfOpenClip.length).toBeGreaterThan(500);
  for (const [text, ids] of tokensOfOpenClip) expect(clip.encode(text as string), JSON.stringify(text)).toEqual(ids);
});

it('gives the ids of OpenCLIP for text that was decoded with a wrong encoding', () => {
  for (const [text, , ids] of mojibake) expect(clip.encode(text as string), JSON.stringify(text)).toEqual(ids);
});

it('cuts long texts and ends them all the same', () => {
  const short = clipTokenizer({ merges, maxTokens: 4 });
  expect(short.encode('a dog')).toEqual([START, 320, 1929, END]);
  expect(short.encode('a photo of a cat.')).toEqual([START, 320, 1125, END]);
  expect(clipTokenizer({ merges, maxTokens: 2 }).encode('a dog')).toEqual([START, END]);
});

it('composes characters, so that both forms of an accent are one text', () => {
  expect(clip.encode('cafe\u0301')).toEqual(clip.encode('café'));
});

it('tells padding from the token "!" inside a word, though both have id 0', () => {
  // "!!" is merged, but "!" followed by a symbol that no merge joins it to keeps the id of the byte, 0.
  const bytes = clipTokenizer({ merges: [], maxTokens: 6 });
  const { ids, padding, shape } = encodeBatch(bytes, ['!?', '']);
  expect(shape).toEqual([2, 6]);
  expect([...ids]).toEqual([512, 0, 256 + 30, 513, 0, 0, 512, 513, 0, 0, 0, 0]);
  expect([...padding]).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1]);
});

it('works on a toy vocabulary, the special tokens last', () => {
  const toy = clipTokenizer({ merges: ['c a', 'ca t</w>', 'a t'] });
  const byte = (character: string) => character.charCodeAt(0) - 33;
  expect(toy.vocabularySize).toBe(517);
  expect(toy.encode('cat')).toEqual([515, 513, 516]);
  // The earlier merge wins: "ca" + "t", not "c" + "at".
  expect(toy.encode('cats')).toEqual([515, 512, byte('t'), 256 + byte('s'), 516]);
  expect(toy.encode('ats')).toEqual([515, 514, 256 + byte('s'), 516]);
});

it('survives a trip through JSON', () => {
  const again = tokenizerFromJSON(JSON.parse(JSON.stringify(clip.toJSON())));
  expect(again.vocabularySize).toBe(clip.vocabularySize);
  expect(again.encode("It's 2023, isn't it?")).toEqual(clip.encode("It's 2023, isn't it?"));
});

it('refuses merges that are none, such as the header of the file', () => {
  expect(() => clipTokenizer({ merges: ['"bpe_simple_vocab_16e6.txt#version: 0.2', 'i n'] })).toThrow('leave out the header');
  expect(() => clipTokenizer({ merges: ['i n', 'in g', 'xy z'] })).toThrow('"xy" is neither a byte nor made by an earlier merge');
  expect(() => clipTokenizer({ merges: ['i n g'] })).toThrow('merge 0 is "i n g"');
  expect(() => clipTokenizer({ merges: [''] })).toThrow('merge 0 is ""');
  expect(() => clipTokenizer({ merges: ['h e', 'Ġ t'] })).toThrow('this looks like merges of GPT-2');
  expect(() => clipTokenizer({ merges: ['[PAD]', '[unused0]', '[UNK]'] })).toThrow('this looks like a vocabulary of WordPiece');
  expect(() => clipTokenizer({ merges, maxTokens: 1 })).toThrow('maxTokens must be a whole number of at least 2, but 1 came');
});
