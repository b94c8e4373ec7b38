import { expect, it } from 'vitest';
import { encodeBatch } from './encode-batch.ts';
import { learnWords } from './learn-words.ts';
import type { Tokenizer } from './tokenizer.ts';
import { tokenizerFromJSON } from './tokenizer-from-json.ts';
import { wordTokenizer } from './word-tokenizer.ts';

const words = ['a', 'red', 'ball', ',', 'é'];
const tokenizer = wordTokenizer({ words, maxTokens: 8 });
const byte = (value: number) => 1 + value;

it('lower-cases, takes punctuation for words, and marks neither beginning nor end', () => {
  expect(tokenizer.vocabularySize).toBe(262);
  expect(tokenizer.encode('A red,\n RED ball')).toEqual([257, 258, 260, 258, 259]);
  expect(tokenizer.encode('')).toEqual([]);
  expect(tokenizer.encode(' \t\n')).toEqual([]);
});

it('spells other words in their UTF-8 bytes', () => {
  expect(tokenizer.encode('box!')).toEqual([byte(0x62), byte(0x6f), byte(0x78), byte(0x21)]);
  expect(tokenizer.encode('a 東🙂')).toEqual([257, ...[0xe6, 0x9d, 0xb1, 0xf0, 0x9f, 0x99, 0x82].map(byte)]);
  expect(tokenizer.encode('ÿ\0')).toEqual([byte(0xc3), byte(0xbf), byte(0)]);
});

it('knows a word in either form of its accents', () => {
  expect(tokenizer.encode('e\u0301 É')).toEqual([261, 261]);
});

it('keeps the first maxTokens, also of a word that is spelled', () => {
  expect(tokenizer.encode('a a a a a a a a a a')).toEqual(Array(8).fill(257));
  expect(tokenizer.encode('a balloons are')).toEqual([257, ...Array.from('balloon', (c) => byte(c.charCodeAt(0)))]);
});

it('fills a batch up with id 0, each text for itself even next to one that was cut', () => {
  const { ids, padding, shape } = encodeBatch(wordTokenizer({ words, maxTokens: 3 }), ['a red', 'a a a a', '']);
  expect(shape).toEqual([3, 3]);
  expect([...ids]).toEqual([257, 258, 0, 257, 257, 257, 0, 0, 0]);
  expect([...padding]).toEqual([0, 0, 1, 0, 0, 0, 1, 1, 1]);
});

it('refuses a tokenizer that does not keep to its maxTokens, whose ids would run into the next text', () => {
  const wrong: Tokenizer = { vocabularySize: 9, maxTokens: 2, encode: () => [1, 2, 3], toJSON: () => null };
  expect(() => encodeBatch(wrong, ['x'])).toThrow('at most its maxTokens, 2, but 3 came');
});

it('learns the most frequent words, ties in the order of code units, whatever the order of the captions', () => {
  const captions = ['Red ball, blue ball.', 'red CUBE', 'a ball on a cube', 'Ärmel'];
  // ball 3; a, cube, red 2; the rest once: "," "." before letters, and "ä" after them.
  const expected = ['ball', 'a', 'cube', 'red', ',', '.', 'blue', 'on', 'ärmel'];
  expect(learnWords(captions, 100)).toEqual(expected);
  expect(learnWords([...captions].reverse(), 100)).toEqual(expected);
  expect(learnWords(captions, 3)).toEqual(expected.slice(0, 3));
  expect(learnWords(captions, 0)).toEqual([]);
  expect(() => learnWords(captions, -1)).toThrow('room must be a whole number of at least 0, but -1 came');
});

it('accepts whatever words were learned', () => {
  const learned = learnWords(['İstanbul ΣΊΣΥΦΟΣ e\u0301 don’t 2x4 🙂👍🏽 ½ Ⅳ snake_case'], 100);
  expect(wordTokenizer({ words: learned, maxTokens: 4 }).vocabularySize).toBe(257 + learned.length);
});

it('survives a trip through JSON', () => {
  const again = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer.toJSON())));
  expect(again.vocabularySize).toBe(262);
  expect(again.maxTokens).toBe(8);
  expect(again.encode('A red, box')).toEqual(tokenizer.encode('A red, box'));
});

it('says which word no text could contain', () => {
  const withWords =
    (...list: string[]) =>
    () =>
      wordTokenizer({ words: list, maxTokens: 8 });
  expect(withWords('Red')).toThrow('words are single and lower-case, but "Red" came, which texts contain as ["red"]');
  expect(withWords('red ball')).toThrow('"red ball" came');
  expect(withWords('')).toThrow('"" came');
  expect(withWords('e\u0301')).toThrow('came');
  expect(withWords('red', 'ball', 'red')).toThrow('words are distinct, but "red" came twice');
  expect(() => wordTokenizer({ words, maxTokens: 0 })).toThrow('maxTokens must be a whole number of at least 1, but 0 came');
});

it.each([
  [null, 'an object with a kind, but null came'],
  ['word', 'an object with a kind, but "word" came'],
  [[], 'an object with a kind, but [] came'],
  [{}, 'of one of the kinds word, clip, huggingface, sentencepiece, but its kind is undefined'],
  [{ kind: 'wordpiece' }, 'its kind is "wordpiece"'],
  [{ kind: 'sentencepiece', maxTokens: 4 }, 'a text as its model, but it is undefined'],
  [
    { kind: 'sentencepiece', maxTokens: 4, model: '??', padId: 0, lowerCase: true, addBos: false, addEos: false },
    'is not base64',
  ],
  [{ kind: 'sentencepiece', maxTokens: 4, model: '', padId: 0 }, 'true or false as its lowerCase, but it is undefined'],
  [{ kind: 'huggingface', maxTokens: 4 }, 'this is no tokenizer.json'],
  [{ kind: 'word', words: ['a'] }, 'a number of maxTokens, but it is undefined'],
  [{ kind: 'word', maxTokens: 4, words: ['a', 1] }, 'a list of texts as its words, but it is ["a",1]'],
  [{ kind: 'clip', maxTokens: 4 }, 'a list of texts as its merges, but it is undefined'],
  [{ kind: 'word', maxTokens: 0.5, words: ['a'] }, 'maxTokens must be a whole number'],
])('restores no tokenizer from %j', (json, message) => {
  expect(() => tokenizerFromJSON(json)).toThrow(message);
});
