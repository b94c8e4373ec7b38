import { VitrailError } from '@vitrail/core';

const PARTS = ['model', 'decoder', 'post_processor', 'pre_tokenizer', 'normalizer', 'added_tokens'];

/**
 * The value as a parsed `tokenizer.json`.
 *
 * @throws `corrupt-data` for anything else; says what it looks like if that is a tokenizer of another kind
 */
export function requireTokenizerFile(value: unknown): Record<string, unknown> {
  const looksLike = looksLikeAnother(value);
  if (looksLike !== undefined) throw corrupt(`it looks like ${looksLike}`);
  const file = value as Record<string, unknown>;
  const missing = PARTS.filter((part) => !(part in file));
  if (missing.length > 0) throw corrupt(`it has no ${missing.join(', ')}`);
  if (!Array.isArray(file.added_tokens)) throw corrupt('its added_tokens are no list');
  const model = file.model;
  if (typeof model !== 'object' || model === null) throw corrupt('its model is no object');
  const { type, vocab } = model as { type?: unknown; vocab?: unknown };
  if (type === 'WordPiece' || type === 'WordLevel') throw corrupt(`its model is ${type}; BPE and Unigram are read`);
  if (typeof vocab !== 'object' || vocab === null) throw corrupt('its model has no vocab');
  return file;
}

function looksLikeAnother(value: unknown): string | undefined {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return 'bytes: for a .model file use sentencePieceTokenizer, else parse them';
  if (typeof value === 'string') return looksLikeText(value);
  if (Array.isArray(value)) return 'a list: for merges use clipTokenizer';
  if (typeof value !== 'object' || value === null) return `${value}`;
  if ('kind' in value) return 'what a tokenizer gave as toJSON: use tokenizerFromJSON';
  if ('tokenizer_class' in value) return 'tokenizer_config.json, which goes into config';
  const ids = Object.values(value);
  const isVocabulary = ids.length > 0 && ids.every((id) => typeof id === 'number');
  return isVocabulary ? 'vocab.json, a vocabulary without its merges' : undefined;
}

function looksLikeText(text: string): string {
  if (/^\s*\{/.test(text)) return 'JSON that was not parsed: give it JSON.parse(text)';
  if (/^(?:"bpe_simple_vocab|#version)/.test(text)) return 'a list of merges: for those of CLIP use clipTokenizer';
  if (/^(?:\[PAD\]|\[UNK\])$/m.test(text)) return 'a vocabulary of WordPiece, which is not read';
  return 'text that is no JSON';
}

function corrupt(why: string): VitrailError {
  return new VitrailError('corrupt-data', `huggingFaceTokenizer: this is no tokenizer.json that can be read: ${why}`);
}
