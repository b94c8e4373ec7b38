import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { VitrailError } from '@vitrail/core';
import { requireTokenizerFile } from './hugging-face-file.ts';
import { mendHuggingFace } from './mend-hugging-face.ts';
import { requireMaxTokens } from './require-max-tokens.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What a tokenizer of Hugging Face is made of. */
export type HuggingFaceOptions = {
  /** `tokenizer.json`, parsed. */
  readonly tokenizer: unknown;
  /** `tokenizer_config.json`, parsed: its `pad_token` says what shorter texts are filled up with. */
  readonly config?: unknown;
  readonly maxTokens: number;
};

/** A token that no text contains, to see where the special ones go. */
const TEXT = '\ud800 text';

/**
 * The tokenizer of a `tokenizer.json` of Hugging Face: the ids that the Python library `tokenizers` gives, for the models BPE and Unigram.
 *
 * Computed by `@huggingface/tokenizers`, mended where that differs: see `mendHuggingFace`. A text that is too long is cut before the special
 * tokens are put around it, so it keeps its end token. The file's own `truncation` and `padding` are not followed, but for `padding.pad_id`
 * where `config` names no pad token; without either the pad id is 0. Deviation: what a letter is, is the runtime's Unicode version to say, so
 * texts with characters newer than that of the Python library may be split otherwise.
 *
 * @param options see `HuggingFaceOptions`; the objects are kept, and must not be changed
 * @throws `corrupt-data` for anything else than a `tokenizer.json`, or one with parts that are not known, or whose special tokens do not
 *   stand before and after a text; `invalid-argument` for a `maxTokens` that has no room for the special tokens
 * @see https://github.com/huggingface/tokenizers.js
 * @example huggingFaceTokenizer({ tokenizer: JSON.parse(text), maxTokens: 77 }).encode('a cat') // [49406, 320, 2368, 49407]
 */
export function huggingFaceTokenizer({ tokenizer: json, config = {}, maxTokens }: HuggingFaceOptions): Tokenizer {
  const file = requireTokenizerFile(json);
  if (!isRecord(config)) throw corrupt(`its config is the parsed tokenizer_config.json, an object, but ${typeof config} came`);
  const tokenizer = load(file, config);
  const idOf = (token: string): number => {
    const id = tokenizer.token_to_id(token);
    if (id === undefined) throw corrupt(`it uses the token ${JSON.stringify(token)}, which has no id`);
    return id;
  };
  const around = tokenizer.post_processor?.post_process([TEXT]).tokens ?? [TEXT];
  const at = around.indexOf(TEXT);
  if (at < 0 || at !== around.lastIndexOf(TEXT)) throw corrupt('its post-processor does not put a text in once');
  const before = around.slice(0, at).map(idOf);
  const after = around.slice(at + 1).map(idOf);
  requireMaxTokens('huggingFaceTokenizer', maxTokens, Math.max(1, before.length + after.length));
  const room = maxTokens - before.length - after.length;
  return {
    vocabularySize: tokenizer.model?.vocab.length ?? 0,
    maxTokens,
    padId: padIdOf(file, config, idOf),
    encode(text) {
      // What is no character becomes U+FFFD, as everywhere that text is made UTF-8.
      const { ids, tokens } = tokenizer.encode(text.replace(/\p{Cs}/gu, '\ufffd'), { add_special_tokens: false });
      const kept = ids.slice(0, room);
      const without = kept.findIndex((id) => !Number.isInteger(id));
      if (without >= 0) throw corrupt(`it has neither an id for ${JSON.stringify(tokens[without])} nor one for what is unknown`);
      return [...before, ...kept, ...after];
    },
    toJSON: () => ({ kind: 'huggingface', maxTokens, tokenizer: file, config }),
  };
}

function load(file: object, config: object): HuggingFaceTokenizer {
  try {
    return mendHuggingFace(new HuggingFaceTokenizer(file, config));
  } catch (cause) {
    throw corrupt(`it cannot be used (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
  }
}

function padIdOf(file: Record<string, unknown>, config: Record<string, unknown>, idOf: (token: string) => number): number {
  const token = isRecord(config.pad_token) ? config.pad_token.content : config.pad_token;
  if (typeof token === 'string') return idOf(token);
  const id = isRecord(file.padding) ? file.padding.pad_id : undefined;
  return typeof id === 'number' ? id : 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function corrupt(why: string, options?: ErrorOptions): VitrailError {
  return new VitrailError('corrupt-data', `huggingFaceTokenizer: this is no tokenizer.json that can be read: ${why}`, options);
}
