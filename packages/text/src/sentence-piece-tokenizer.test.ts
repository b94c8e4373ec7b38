import { expect, it } from 'vitest';
import { message, sentencePieceModel } from '../test/tokenizer-fixture.ts';
import { encodeBatch } from './encode-batch.ts';
import { sentencePieceTokenizer } from './sentence-piece-tokenizer.ts';
import { tokenizerFromJSON } from './tokenizer-from-json.ts';

const utf8 = new TextEncoder();

/** A piece of a model: its text, score and type. */
function piece(text: string, score: number, type = 1): Uint8Array {
  const float = new Uint8Array(4);
  new DataView(float.buffer).setFloat32(0, score, true);
  return message(1, Uint8Array.of(...message(1, utf8.encode(text)), 0x15, ...float, 0x18, type));
}

/** A model of pieces and of settings, which are a byte each: `[field, value]`. */
function model(pieces: readonly Uint8Array[], { trainer = [[3, 1]], normalizer = [] as number[][] } = {}): Uint8Array {
  const settings = (fields: readonly number[][]) =>
    Uint8Array.from(
      fields.flatMap(([field, value]) =>
        field < 16 ? [field * 8, value] : [((field * 8) % 128) + 128, (field * 8) >> 7, value],
      ),
    );
  return Uint8Array.of(
    ...pieces.flatMap((bytes) => [...bytes]),
    ...message(2, settings(trainer)),
    ...message(3, settings(normalizer)),
  );
}

const reserved = [piece('<pad>', 0, 3), piece('<unk>', 0, 2), piece('<s>', 0, 3), piece('</s>', 0, 3)];
const [UNKNOWN, BOS, EOS] = [1, 2, 3];

it('takes the pieces with the largest sum, as worked out by hand', () => {
  // "▁ab": -1 + -6 by "▁ab", -2 + -2.5 by "▁a" and "b"; "▁abc": "▁ab" + "c" is -6 - 1, "▁a" + "bc" is -2 - 6.
  const pieces = [...reserved, piece('▁ab', -6), piece('▁a', -2), piece('b', -2.5), piece('c', -1), piece('bc', -6)];
  const { encode } = sentencePieceTokenizer({ model: model(pieces) });
  expect(encode('ab')).toEqual([5, 6]);
  expect(encode('abc')).toEqual([5, 6, 7]);
  expect(encode('  a  bc ')).toEqual([5, UNKNOWN, 6, 7]);
  expect(encode('aXYZc')).toEqual([5, UNKNOWN, 7]);
  expect(encode('')).toEqual([]);
  expect(encode('   ')).toEqual([]);
});

it('joins the pair with the highest score, the first of equals, in a BPE model', () => {
  const pieces = [...reserved, piece('aa', -1), piece('ab', 0), piece('a', -9), piece('b', -9), piece('▁', -9)];
  const { encode } = sentencePieceTokenizer({ model: model(pieces, { trainer: [[3, 2]] }) });
  expect(encode('aaab')).toEqual([8, 4, 5]);
  expect(encode('aaa')).toEqual([8, 4, 6]);
});

it('lower-cases A to Z alone, as TIPS does', () => {
  const pieces = [...reserved, piece('▁a', -1), piece('é', -2), piece('É', -2)];
  const tokenizer = sentencePieceTokenizer({ model: model(pieces) });
  expect(tokenizer.encode('AÉ')).toEqual([4, 6]);
  expect(tokenizer.encode('aé')).toEqual([4, 5]);
  expect(sentencePieceTokenizer({ model: model(pieces), lowerCase: false }).encode('Aé')).toEqual([UNKNOWN, 5]);
});

it('cuts to maxTokens and keeps the end token, and fills a batch up with padId', () => {
  const bytes = model([...reserved, piece('▁', -2), piece('a', -1)]);
  expect(sentencePieceTokenizer({ model: bytes }).maxTokens).toBe(64);
  expect(sentencePieceTokenizer({ model: bytes, maxTokens: 3 }).encode('aaaa')).toEqual([4, 5, 5]);
  const both = sentencePieceTokenizer({ model: bytes, addBos: true, addEos: true, maxTokens: 5, padId: EOS });
  expect(both.encode('aaaa')).toEqual([BOS, 4, 5, 5, EOS]);
  const { ids, padding } = encodeBatch(both, ['a', '']);
  expect([...ids]).toEqual([BOS, 4, 5, EOS, EOS, BOS, EOS, EOS, EOS, EOS]);
  expect([...padding]).toEqual([0, 0, 0, 0, 1, 0, 0, 1, 1, 1]);
});

it('survives a trip through JSON, model and all', () => {
  const options = {
    model: sentencePieceModel('unigram-bytes'),
    lowerCase: false,
    addBos: true,
    addEos: true,
    maxTokens: 20,
    padId: 3,
  };
  const tokenizer = sentencePieceTokenizer(options);
  const again = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer.toJSON())));
  expect(again).toMatchObject({ vocabularySize: tokenizer.vocabularySize, maxTokens: 20, padId: 3 });
  expect(again.encode('A Photo of 東京 ⟪x⟫')).toEqual(tokenizer.encode('A Photo of 東京 ⟪x⟫'));
});

it('reads a very long text in a moment', () => {
  const long = 'street photo '.repeat(5000);
  for (const name of ['unigram-nfkc', 'bpe-nfkc-bytes']) {
    expect(sentencePieceTokenizer({ model: sentencePieceModel(name) }).encode(long).length).toBe(64);
  }
});

it.each<[what: string, bytes: Uint8Array, message: string]>([
  ['nothing', new Uint8Array(), 'it is empty'],
  ['a tokenizer.json', utf8.encode('{"version":"1.0"}'), 'it looks like JSON, as tokenizer.json is: use huggingFaceTokenizer'],
  ['merges', utf8.encode('"bpe_simple_vocab_16e6.txt#version: 0.2\ni n'), 'a list of byte-pair merges: use clipTokenizer'],
  ['WordPiece', utf8.encode('[PAD]\n[unused0]\n[UNK]'), 'a vocabulary of WordPiece, which is not read'],
  ['a pointer', utf8.encode('version https://git-lfs.github.com/spec/v1'), 'a pointer of Git LFS'],
  ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), 'at byte'],
  ['a length beyond the end', Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f), 'a field of 4294967295 bytes does not fit'],
  ['an endless number', Uint8Array.from({ length: 12 }, () => 0xff), 'a number has more than ten bytes'],
  ['no unknown piece', model([piece('a', -1)]), 'no piece stands for what is unknown'],
  ['two unknown pieces', model([piece('a', 0, 2), piece('b', 0, 2)]), 'two pieces, 0 and 1, stand for what is unknown'],
  ['a piece twice', model([...reserved, piece('a', -1), piece('a', -2)]), 'the piece "a" comes twice'],
  ['an empty piece', model([...reserved, piece('', -1)]), 'piece 4 is empty'],
  ['a score that is none', model([...reserved, piece('a', Number.NaN)]), 'the piece "a" has the score NaN'],
  ['bytes that are not all there', model([...reserved, piece('<0x00>', 0, 6)], { trainer: [[35, 1]] }), 'has no <0x01>'],
  ['bytes without byte fallback', model([...reserved, piece('<0x00>', 0, 6)]), 'does not fall back on bytes'],
  ['a model of characters', model(reserved, { trainer: [[3, 4]] }), 'it is of characters; unigram and BPE models are read'],
  [
    'a character map that is cut off',
    Uint8Array.of(...model(reserved), ...message(3, message(2, Uint8Array.of(0, 9, 0, 0, 1)))),
    'does not fit',
  ],
])('refuses %s', (_, bytes, text) => {
  expect(() => sentencePieceTokenizer({ model: bytes })).toThrow(
    expect.objectContaining({ code: 'corrupt-data', message: expect.stringContaining(text) }),
  );
});

it('refuses options that the model cannot meet', () => {
  const bytes = model([piece('<unk>', 0, 2), piece('a', -1)]);
  expect(() => sentencePieceTokenizer({ model: bytes, addBos: true })).toThrow('addBos is set, but the model has no BOS');
  expect(() => sentencePieceTokenizer({ model: bytes, addEos: true })).toThrow('addEos is set, but the model has no EOS');
  expect(() => sentencePieceTokenizer({ model: bytes, padId: 2 })).toThrow(
    "padId must be one of the model's ids, 0 to 1, but 2 came",
  );
  expect(() => sentencePieceTokenizer({ model: bytes, maxTokens: 0 })).toThrow('maxTokens must be a whole number of at least 1');
});

it('never fails otherwise than by saying that the file is damaged, wherever it is cut or changed', () => {
  const bytes = sentencePieceModel('unigram-nfkc');
  const map = bytes.length - 200_000;
  let refused = 0;
  for (let i = 0; i < 120; i++) {
    const at = i % 2 === 0 ? (i * 997) % 25_000 : map + ((i * 7919) % 199_000);
    const damaged = i % 3 === 0 ? bytes.slice(0, at) : Uint8Array.from(bytes);
    if (i % 3 !== 0) damaged[at] ^= 1 << (i % 8);
    try {
      const ids = sentencePieceTokenizer({ model: damaged }).encode('ﬁ Ａ photo of ㍿ cafe\u0301 東京');
      expect(ids.every(Number.isInteger)).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: 'corrupt-data' });
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(30);
});
