import { VitrailError } from '@vitrail/core';
import { clipTokenizer, huggingFaceTokenizer, sentencePieceTokenizer, type Tokenizer, tokenizerFromJSON } from '@vitrail/text';
import { readVitrailMetadata } from './families/vitrail-metadata.ts';
import type { ModelFamily, TextEncoder } from './family.ts';
import type { ModelFiles } from './model-files.ts';

/** Vocabularies that models are known by: to say whose a tokenizer is that does not fit. */
const knownVocabularies: Readonly<Record<number, string>> = {
  30522: 'BERT',
  32000: 'TIPS, SigLIP or T5',
  49408: 'CLIP',
  50257: 'GPT-2',
  250002: 'XLM-R',
  256000: 'SigLIP 2 or Gemma',
};

/**
 * The tokenizer of a model out of its files: the one that Vitrail wrote into the weights; `tokenizer.json`; or the vocabulary that the authors
 * themselves publish, which means what it means in their family.
 *
 * @returns `undefined` where there is none
 * @throws `invalid-argument` for a vocabulary file of another kind of model, and for a tokenizer whose ids the text tower does not embed,
 *   saying whose they look like
 */
export function readTokenizer(files: ModelFiles, family: ModelFamily<unknown>, text: TextEncoder): Tokenizer | undefined {
  const tokenizer = chooseTokenizer(files, family, text.maxTokens);
  if (tokenizer === undefined) return undefined;
  const [has, wants] = [tokenizer.vocabularySize, text.vocabularySize];
  const isAnothers = has !== wants && has in knownVocabularies && wants in knownVocabularies;
  if (has <= wants && !isAnothers) return tokenizer;
  const whose = (size: number) => (size in knownVocabularies ? `, as that of ${knownVocabularies[size]}` : '');
  throw new VitrailError(
    'invalid-argument',
    `the tokenizer has ${has} ids${whose(has)}, but the text tower of ${family.name} embeds ${wants}${whose(wants)}: it belongs to another model`,
  );
}

function chooseTokenizer(files: ModelFiles, family: ModelFamily<unknown>, maxTokens: number): Tokenizer | undefined {
  const own = readVitrailMetadata(files.weights.metadata);
  if (own?.tokenizer !== undefined) return tokenizerFromJSON(own.tokenizer);
  const { tokenizer, tokenizerConfig: config, sentencePiece, merges } = files;
  if (tokenizer !== undefined) return huggingFaceTokenizer({ tokenizer, config, maxTokens });
  if (sentencePiece !== undefined) {
    requireVocabulary(family, 'tips', 'a SentencePiece model, as TIPS has');
    return sentencePieceTokenizer({ model: sentencePiece, maxTokens });
  }
  if (merges !== undefined) {
    requireVocabulary(family, 'clip', 'merges of byte pairs, as CLIP has');
    return clipTokenizer({ merges, maxTokens });
  }
  return undefined;
}

function requireVocabulary(
  family: ModelFamily<unknown>,
  kind: NonNullable<ModelFamily<unknown>['vocabulary']>,
  what: string,
): void {
  if (family.vocabulary === kind) return;
  throw new VitrailError(
    'invalid-argument',
    `the tokenizer beside the weights is ${what}, but ${family.name} is used with another: name the tokenizer.json of the model`,
  );
}
