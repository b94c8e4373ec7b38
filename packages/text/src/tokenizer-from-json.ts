import { VitrailError } from '@vitrail/core';
import { clipTokenizer } from './clip-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { wordTokenizer } from './word-tokenizer.ts';

/**
 * The tokenizer that `toJSON` described: `{ kind: 'word', maxTokens, words }` or `{ kind: 'clip', maxTokens, merges }`.
 *
 * @param json a parsed object
 * @throws `corrupt-data` for anything else, and as the tokenizers themselves
 * @example tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer))).encode('a diagram') // [49406, 320, 22697, 49407]
 */
export function tokenizerFromJSON(json: unknown): Tokenizer {
  if (!isObject(json)) throw corrupt(`an object with a kind, but ${shown(json)} came`);
  const { kind, maxTokens } = json;
  if (kind !== 'word' && kind !== 'clip') throw corrupt(`of kind "word" or "clip", but its kind is ${shown(kind)}`);
  if (typeof maxTokens !== 'number') throw corrupt(`a number of maxTokens, but it is ${shown(maxTokens)}`);
  return kind === 'word'
    ? wordTokenizer({ words: listOf(json, 'words'), maxTokens })
    : clipTokenizer({ merges: listOf(json, 'merges'), maxTokens });
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
