import { expect, it } from 'vitest';
import { clipTokenizer } from '../src/clip-tokenizer.ts';
import { huggingFaceTokenizer } from '../src/hugging-face-tokenizer.ts';
import { sentencePieceTokenizer } from '../src/sentence-piece-tokenizer.ts';
import { trainBytePairs } from '../src/train-byte-pairs.ts';
import { clipMerges } from './clip-merges.ts';
import {
  blocksOf,
  differences,
  fixture,
  sentencePieceModel,
  texts,
  tokenizerFile,
  trainingCaptions,
} from './tokenizer-fixture.ts';

const WHOLE = 1_000_000;

it('draws the 10,000 texts that the references were given', () => {
  expect(texts.length).toBe(10_000);
  expect(blocksOf(texts)).toEqual(fixture.texts.blocks);
});

it.each(Object.keys(fixture.sentencePiece))('gives the ids of SentencePiece on 10,000 texts: %s', (name) => {
  const { addBos, addEos, ids } = fixture.sentencePiece[name];
  const model = sentencePieceModel(name);
  const tokenizer = sentencePieceTokenizer({ model, lowerCase: false, addBos, addEos, maxTokens: WHOLE });
  expect(differences(tokenizer, ids)).toEqual([]);
});

it.each(Object.keys(fixture.huggingFace))('gives the ids of tokenizers on 10,000 texts, whole and cut: %s', (name) => {
  const { ids } = fixture.huggingFace[name];
  const tokenizer = tokenizerFile(name);
  expect(differences(huggingFaceTokenizer({ tokenizer, maxTokens: WHOLE }), ids)).toEqual([]);
  const short = huggingFaceTokenizer({ tokenizer, maxTokens: ids.cutTo });
  const cut = blocksOf(texts.slice(0, 2000).map((text) => short.encode(text)));
  expect(cut).toEqual(ids.cutBlocks.slice(0, cut.length));
});

it('gives the ids of OpenCLIP on 10,000 texts', () => {
  expect(differences(clipTokenizer({ merges: clipMerges() }), fixture.openClip)).toEqual([]);
});

it('learns the vocabulary that the trainer of tokenizers learns, and writes the same tokenizer.json', () => {
  const captions = trainingCaptions();
  const file = trainBytePairs(captions, { vocabularySize: 1200 });
  expect(file).toEqual(fixture.training.file);
  expect(trainBytePairs(captions.reverse(), { vocabularySize: 1200 })).toEqual(file);
});
