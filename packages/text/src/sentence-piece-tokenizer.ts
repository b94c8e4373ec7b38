import { VitrailError } from '@vitrail/core';
import { toBase64 } from './base64.ts';
import { requireMaxTokens } from './require-max-tokens.ts';
import { scoredMerger } from './scored-merges.ts';
import { readSentencePieceModel, type SentencePieceModel } from './sentence-piece-model.ts';
import { sentencePieceNormalizer } from './sentence-piece-normalizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { type Segment, unigramSegmenter } from './unigram.ts';

/** A tokenizer of SentencePiece and how texts are fed to it. The defaults are those of TIPS. */
export type SentencePieceOptions = {
  /** The bytes of the `.model` file. */
  readonly model: Uint8Array;
  /** 64 by default, at least 1. */
  readonly maxTokens?: number;
  /** Whether A to Z become small first; true by default. */
  readonly lowerCase?: boolean;
  /** Whether a text begins with the model's BOS; false by default. */
  readonly addBos?: boolean;
  /** Whether a text ends with the model's EOS, also one that is cut; false by default. */
  readonly addEos?: boolean;
  /** What shorter texts are filled up with; 0 by default. T5 and TIPS have 0, SigLIP has 1 (its EOS), Llama none. */
  readonly padId?: number;
};

/**
 * The tokenizer of a SentencePiece `.model` file, unigram or BPE: the ids that SentencePiece itself gives.
 *
 * Lower case is that of TIPS' reference (`tf.strings.lower`): A to Z alone, so `É` stays. The port in transformers lower-cases all letters; for
 * that give it `text.toLowerCase()`. A text that is too long keeps its first tokens.
 *
 * @param options see `SentencePieceOptions`; the model is read at once and may be changed afterwards
 * @throws `corrupt-data` for a file that is no model; `invalid-argument` for BOS or EOS where the model has none
 * @see "SentencePiece", Kudo and Richardson 2018 (arXiv 1808.06226); TIPS PyTorch `text_encoder.py` (Tokenizer)
 * @example sentencePieceTokenizer({ model }).encode('A photo') // as SentencePieceProcessor.encode('a photo')
 */
export function sentencePieceTokenizer(options: SentencePieceOptions): Tokenizer {
  const { lowerCase = true, addBos = false, addEos = false, maxTokens = 64, padId = 0 } = options;
  const bytes = options.model.slice();
  const model = readSentencePieceModel(bytes);
  const before = addBos ? [requireControl('BOS', 'addBos', model.bosId)] : [];
  const after = addEos ? [requireControl('EOS', 'addEos', model.eosId)] : [];
  requireMaxTokens('sentencePieceTokenizer', maxTokens, Math.max(1, before.length + after.length));
  requirePadId(padId, model);
  const normalize = sentencePieceNormalizer(model);
  const segment = model.algorithm === 'unigram' ? unigramSegmenter(model) : scoredMerger(model);
  const room = maxTokens - before.length - after.length;
  return {
    vocabularySize: model.pieces.length,
    maxTokens,
    padId,
    encode(text) {
      const segments = segment(normalize(lowerCase ? asciiLowerCase(text) : text));
      return [...before, ...idsOf(segments, model).slice(0, room), ...after];
    },
    toJSON: () => ({ kind: 'sentencepiece', maxTokens, lowerCase, addBos, addEos, padId, model: toBase64(bytes) }),
  };
}

/** Unknown characters as bytes, where the model has them; else as one unknown token for each run. */
function idsOf(segments: readonly Segment[], { unknownId, byteIds }: SentencePieceModel): number[] {
  const utf8 = new TextEncoder();
  const ids: number[] = [];
  let afterUnknown = false;
  for (const { text, id } of segments) {
    const isUnknown = id === unknownId;
    if (isUnknown && byteIds) for (const byte of utf8.encode(text)) ids.push(byteIds[byte]);
    else if (!(isUnknown && afterUnknown)) ids.push(id);
    afterUnknown = isUnknown;
  }
  return ids;
}

function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function requireControl(name: string, option: string, id: number | undefined): number {
  if (id !== undefined) return id;
  throw new VitrailError(
    'invalid-argument',
    `sentencePieceTokenizer: ${option} is set, but the model has no ${name}: leave it out`,
  );
}

function requirePadId(padId: number, { pieces }: SentencePieceModel): void {
  if (Number.isSafeInteger(padId) && padId >= 0 && padId < pieces.length) return;
  throw new VitrailError(
    'invalid-argument',
    `sentencePieceTokenizer: padId must be one of the model's ids, 0 to ${pieces.length - 1}, but ${padId} came`,
  );
}
