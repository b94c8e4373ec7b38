import { expect, it } from 'vitest';
import { fixture, tokenizerFile } from '../test/tokenizer-fixture.ts';
import { encodeBatch } from './encode-batch.ts';
import { huggingFaceTokenizer } from './hugging-face-tokenizer.ts';
import { tokenizerFromJSON } from './tokenizer-from-json.ts';
import { trainBytePairs } from './train-byte-pairs.ts';

it('keeps the special tokens of a text that is cut, and refuses to leave no room for them', () => {
  const tokenizer = tokenizerFile('clip');
  const long = 'a photo of a dog '.repeat(40);
  const ids = huggingFaceTokenizer({ tokenizer, maxTokens: 77 }).encode(long);
  expect(ids.length).toBe(77);
  expect([ids[0], ids[76]]).toEqual([2012, 2013]);
  expect(huggingFaceTokenizer({ tokenizer, maxTokens: 2 }).encode(long)).toEqual([2012, 2013]);
  expect(() => huggingFaceTokenizer({ tokenizer, maxTokens: 1 })).toThrow(
    'maxTokens must be a whole number of at least 2, but 1 came',
  );
});

it('fills a batch up with the pad token of tokenizer_config.json, else that of the file, else 0', () => {
  const tokenizer = tokenizerFile('siglip');
  const withConfig = huggingFaceTokenizer({ tokenizer, config: { pad_token: '</s>' }, maxTokens: 4 });
  expect([...encodeBatch(withConfig, ['']).ids]).toEqual([2, 2, 2, 2]);
  expect(huggingFaceTokenizer({ tokenizer, config: { pad_token: { content: '</s>' } }, maxTokens: 4 }).padId).toBe(2);
  expect(huggingFaceTokenizer({ tokenizer: { ...tokenizer, padding: { pad_id: 7 } }, maxTokens: 4 }).padId).toBe(7);
  expect(huggingFaceTokenizer({ tokenizer, maxTokens: 4 }).padId).toBe(0);
  expect(() => huggingFaceTokenizer({ tokenizer, config: { pad_token: '<none>' }, maxTokens: 4 })).toThrow(
    '"<none>", which has no id',
  );
});

it('survives a trip through JSON', () => {
  const tokenizer = huggingFaceTokenizer({ tokenizer: tokenizerFile('siglip'), config: { pad_token: '</s>' }, maxTokens: 12 });
  const again = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer.toJSON())));
  expect(again).toMatchObject({ vocabularySize: tokenizer.vocabularySize, maxTokens: 12, padId: 2 });
  expect(again.encode('A Photo of ﬁ 東京')).toEqual(tokenizer.encode('A Photo of ﬁ 東京'));
});

it('takes half a surrogate pair for U+FFFD, as UTF-8 does', () => {
  const tokenizer = huggingFaceTokenizer({ tokenizer: tokenizerFile('gpt2'), maxTokens: 12 });
  expect(tokenizer.encode('a\ud83d b')).toEqual(tokenizer.encode('a\ufffd b'));
});

const file = fixture.huggingFace.gpt2.file as { model: object };

it.each<[what: string, value: unknown, message: string]>([
  ['the bytes of a .model file', Uint8Array.of(10, 3), 'it looks like bytes: for a .model file use sentencePieceTokenizer'],
  ['text', '{"version":"1.0"}', 'it looks like JSON that was not parsed'],
  ['merges', '#version: 0.2\ni n', 'it looks like a list of merges: for those of CLIP use clipTokenizer'],
  ['a list of merges', ['i n'], 'it looks like a list: for merges use clipTokenizer'],
  ['WordPiece', '[PAD]\n[UNK]\n', 'it looks like a vocabulary of WordPiece, which is not read'],
  ['tokenizer_config.json', { tokenizer_class: 'CLIPTokenizer' }, 'it looks like tokenizer_config.json, which goes into config'],
  ['vocab.json', { a: 0, b: 1 }, 'it looks like vocab.json, a vocabulary without its merges'],
  ['what toJSON gave', { kind: 'word' }, 'use tokenizerFromJSON'],
  ['null', null, 'it looks like null'],
  ['a file without parts', { model: {} }, 'it has no decoder, post_processor, pre_tokenizer, normalizer, added_tokens'],
  [
    'a model of words',
    { ...file, model: { ...file.model, type: 'WordPiece' } },
    'its model is WordPiece; BPE and Unigram are read',
  ],
  ['an unknown part', { ...file, pre_tokenizer: { type: 'Novel' } }, 'it cannot be used (Unknown PreTokenizer type: Novel)'],
  ['a model without merges', { ...file, model: { ...file.model, merges: undefined } }, 'it cannot be used'],
])('refuses %s', (_, tokenizer, text) => {
  expect(() => huggingFaceTokenizer({ tokenizer, maxTokens: 8 })).toThrow(
    expect.objectContaining({ code: 'corrupt-data', message: expect.stringContaining(text) }),
  );
});

it('learns the merges of Sennrich et al., section 3.2, and spells what it has not seen in bytes', () => {
  // low 5, lower 2, newest 6, widest 3: "e s" 9, "es t" 9, "l o" 7, "lo w" 7 of the merges, where no space or end of word is a symbol.
  const words = ['low', 'lower', 'newest', 'widest'];
  const captions = [5, 2, 6, 3].flatMap((count, i) => Array<string>(count).fill(words[i]));
  const trained = trainBytePairs(captions, { vocabularySize: 261 }) as { model: { merges: string[][] } };
  expect(trained.model.merges.map((merge) => merge.join(' '))).toEqual(['e s', 'es t', 'l o', 'lo w']);
  const { encode, vocabularySize } = huggingFaceTokenizer({ tokenizer: trained, maxTokens: 8 });
  expect(vocabularySize).toBe(261);
  expect(encode('LOWEST')).toEqual([260, 258]);
  expect(encode('é')).toHaveLength(2);
});

it('makes a smaller vocabulary of captions that have no more pairs, and none of no captions', () => {
  const trained = trainBytePairs(['ab'], { vocabularySize: 5000 });
  expect(huggingFaceTokenizer({ tokenizer: trained, maxTokens: 8 }).vocabularySize).toBe(258);
  expect(() => trainBytePairs([], { vocabularySize: 300 })).toThrow('there are no captions to learn from');
  expect(() => trainBytePairs(['a'], { vocabularySize: 256 })).toThrow('vocabularySize must be a whole number of at least 257');
});
