import { VitrailError } from '@vitrail/core';
import { fromBase64 } from './base64.ts';
import { clipTokenizer } from './clip-tokenizer.ts';
import { huggingFaceTokenizer } from './hugging-face-tokenizer.ts';
import { sentencePieceTokenizer } from './sentence-piece-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { wordTokenizer } from './word-tokenizer.ts';

const KINDS = ['word', 'clip', 'huggingface', 'sentencepiece'] as const;

/**
 * The tokenizer that `toJSON` described: `{ kind: 'word', maxTokens, words }`, `{ kind: 'clip', maxTokens, merges }`,
 * `{ kind: 'huggingface', maxTokens, tokenizer, config }`, or `{ kind: 'sentencepiece', maxTokens, model, lowerCase, addBos, addEos, padId }`
 * with the model file in base64.
 *
 * @param json a parsed object
 * @throws `corrupt-data` for anything else, and as the tokenizers themselves
 * @example tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer))).encode('a diagram') // [49406, 320, 22697, 49407]
 */
export function tokenizerFromJSON(json: unknown): Tokenizer {
  if (!isObject(json)) throw corrupt(`an object with a kind, but ${shown(json)} came`);
  const { maxTokens } = json;
  const kind = KINDS.find((name) => name === json.kind);
  if (kind === undefined) throw corrupt(`of one of the kinds ${KINDS.join(', ')}, but its kind is ${shown(json.kind)}`);
  if (typeof maxTokens !== 'number') throw corrupt(`a number of maxTokens, but it is ${shown(maxTokens)}`);
  switch (kind) {
    case 'word':
      return wordTokenizer({ words: listOf(json, 'words'), maxTokens });
    case 'clip':
      return clipTokenizer({ merges: listOf(json, 'merges'), maxTokens });
    case 'huggingface':
      return huggingFaceTokenizer({ tokenizer: json.tokenizer, config: json.config, maxTokens });
    case 'sentencepiece': {
      const { model, padId } = json;
      if (typeof model !== 'string') throw corrupt(`a text as its model, but it is ${shown(model)}`);
      if (typeof padId !== 'number') throw corrupt(`a number as its padId, but it is ${shown(padId)}`);
      const [lowerCase, addBos, addEos] = ['lowerCase', 'addBos', 'addEos'].map((name) => flagOf(json, name));
      return sentencePieceTokenizer({
        model: fromBase64(model, 'tokenizerFromJSON: the model'),
        maxTokens,
        lowerCase,
        addBos,
        addEos,
        padId,
      });
    }
  }
}

function flagOf(json: Readonly<Record<string, unknown>>, name: string): boolean {
  const flag = json[name];
  if (typeof flag !== 'boolean') throw corrupt(`true or false as its ${name}, but it is ${shown(flag)}`);
  return flag;
}

function listOf(json: Readonly<Record<string, unknown>>, name: string): string[] {
  const list = json[name];
  if (Array.isArray(list) && list.every((entry) => typeof entry === 'string')) return list;
  throw corrupt(`a list of texts as its ${name}, but it is ${shown(list)}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function corrupt(expected: string): VitrailError {
  return new VitrailError('corrupt-data', `tokenizerFromJSON: a tokenizer is ${expected}: was it written by toJSON?`);
}

/** The value as JSON, its beginning if that is long. */
function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 60)}...` : json;
}
