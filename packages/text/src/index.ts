export { applyText, type TextInputs, type TextOptions, type TextOutputs } from './apply-text.ts';
export {
  applyClipText,
  type ClipTextConfig,
  type ClipTextOutputs,
  type ClipTextParams,
  clipTextPresets,
  clipTextShapes,
  initClipText,
} from './clip-text.ts';
export { clipTokenizer } from './clip-tokenizer.ts';
export { type EncodedBatch, encodeBatch } from './encode-batch.ts';
export { type HuggingFaceOptions, huggingFaceTokenizer } from './hugging-face-tokenizer.ts';
export { learnWords } from './learn-words.ts';
export { type TextPresetName, textPresets } from './presets.ts';
export { type SentencePieceOptions, sentencePieceTokenizer } from './sentence-piece-tokenizer.ts';
export {
  applySiglipText,
  initSiglipText,
  type SiglipTextConfig,
  type SiglipTextOutputs,
  type SiglipTextParams,
  siglipTextPresets,
  siglipTextShapes,
} from './siglip-text.ts';
export { initText, type TextConfig, type TextParams, textParameterCount, textShapes } from './text.ts';
export type { Tokenizer } from './tokenizer.ts';
export { tokenizerFromJSON } from './tokenizer-from-json.ts';
export { type TokenizerFile, trainBytePairs } from './train-byte-pairs.ts';
export { wordTokenizer } from './word-tokenizer.ts';
