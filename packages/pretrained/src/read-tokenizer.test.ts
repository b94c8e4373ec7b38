import { gzipSync } from 'node:zlib';
import { type ByteSource, bytesSource, encodeSafetensors } from '@vitrail/checkpoints';
import { clipTokenizer } from '@vitrail/text';
import { describe, expect, it } from 'vitest';
import { clip } from './families/clip.ts';
import { siglip } from './families/siglip.ts';
import { tipsv2 } from './families/tipsv2.ts';
import { openModelFiles } from './model-files.ts';
import { readTokenizer } from './read-tokenizer.ts';

const merges = ['c a', 'ca t</w>'];
const weights = bytesSource(
  encodeSafetensors({ w: { dtype: 'F32', shape: [1], values: Float32Array.of(1) } }),
  'model.safetensors',
);
const textTower = (vocabularySize: number) => ({
  maxTokens: 12,
  vocabularySize,
  encode: () => {
    throw new Error('no text is encoded here');
  },
});
const utf8 = (text: string) => new TextEncoder().encode(text);
const filesWith = (...sources: ByteSource[]) => openModelFiles([weights, ...sources]);

describe('the tokenizer of a model', () => {
  it.each([
    ['merges.txt', utf8(`#version: 0.2\n${merges.join('\n')}\n`)],
    ['bpe_simple_vocab_16e6.txt.gz', gzipSync(`"header"\n${merges.join('\n')}\n`)],
  ])('is made of the merges of CLIP in %s, without its first line', async (name, bytes) => {
    const expected = clipTokenizer({ merges, maxTokens: 12 });
    const tokenizer = readTokenizer(await filesWith(bytesSource(bytes, `a/${name}`)), clip, textTower(expected.vocabularySize));
    expect(tokenizer?.encode('a cat')).toEqual(expected.encode('a cat'));
  });

  it('is none where no file holds one', async () => {
    expect(readTokenizer(await filesWith(), clip, textTower(49408))).toBeUndefined();
  });

  it('is refused where the vocabulary file is that of another kind of model', async () => {
    const pieces = await filesWith(bytesSource(Uint8Array.of(1), 'tokenizer.model'));
    expect(() => readTokenizer(pieces, clip, textTower(49408))).toThrow(
      'a SentencePiece model, as TIPS has, but clip (transformers)',
    );
    const pairs = await filesWith(bytesSource(utf8('#\nc a\n'), 'merges.txt'));
    for (const family of [tipsv2, siglip]) {
      expect(() => readTokenizer(pairs, family, textTower(32000))).toThrow('merges of byte pairs, as CLIP has');
    }
  });

  it('is refused where the text tower does not embed its ids, saying whose it looks like', async () => {
    const vocab = Object.fromEntries(Array.from({ length: 32000 }, (_, i) => [`t${i}`, i]));
    const nothing = { decoder: null, post_processor: null, pre_tokenizer: null, normalizer: null };
    const json = { version: '1.0', added_tokens: [], ...nothing, model: { type: 'BPE', vocab, merges: [] } };
    const files = await filesWith(bytesSource(utf8(JSON.stringify(json)), 'tokenizer.json'));
    const whose = '32000 ids, as that of TIPS, SigLIP or T5';
    expect(() => readTokenizer(files, clip, textTower(49408))).toThrow(
      `${whose}, but the text tower of clip (transformers) embeds 49408, as that of CLIP`,
    );
    expect(() => readTokenizer(files, clip, textTower(500))).toThrow(
      `${whose}, but the text tower of clip (transformers) embeds 500:`,
    );
    expect(readTokenizer(files, tipsv2, textTower(32000))?.maxTokens).toBe(12);
    expect(readTokenizer(files, tipsv2, textTower(32064))?.maxTokens).toBe(12); // Padded for speed.
  });

  it('is refused where its file is damaged', async () => {
    await expect(filesWith(bytesSource(utf8('{'), 'tokenizer.json'))).rejects.toThrow('tokenizer.json is no JSON');
    await expect(filesWith(bytesSource(utf8('[]'), 'tokenizer.json'))).rejects.toThrow('tokenizer.json holds no JSON object');
    const cut = gzipSync('#\nc a\n').subarray(0, 12);
    await expect(filesWith(bytesSource(cut, 'bpe_simple_vocab_16e6.txt.gz'))).rejects.toThrow('is no gzip file, or was cut');
  });
});
