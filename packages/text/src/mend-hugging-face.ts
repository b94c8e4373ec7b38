import {
  ByteLevelPreTokenizer,
  LowercaseNormalizer,
  type Normalizer,
  PrecompiledNormalizer,
  type PreTokenizer,
  SequenceNormalizer,
  SequencePreTokenizer,
  StripNormalizer,
  type Tokenizer,
  Unigram,
  WhitespaceSplitPreTokenizer,
} from '@huggingface/tokenizers';
import { fromBase64 } from './base64.ts';
import { charsMap } from './chars-map.ts';
import { GPT2_PIECE } from './gpt2-pieces.ts';
import { lowerCaseCharacters } from './lower-case-characters.ts';
import { bestSegmenter, UNKNOWN_PENALTY } from './unigram.ts';

/** Clusters of fewer bytes are normalised as a whole. */
const WHOLE_CLUSTER = 6;

/** Clusters whose replacement is remembered; then all are forgotten. */
const KNOWN_CLUSTERS = 16384;

/**
 * Replaces the steps of a tokenizer of `@huggingface/tokenizers` 0.2.0 that differ from the Python library `tokenizers` (0.23):
 *
 * - `Precompiled`: normalises by NFKC instead of by the character map of the file.
 * - `Lowercase`: writes a sigma at the end of a word as ς, where the reference lower-cases every character by itself.
 * - `Unigram`: decides otherwise between sequences of pieces that are as good as equal.
 * - `ByteLevel`, `WhitespaceSplit`, `Strip`: take U+FEFF for white space and U+0085 for none.
 *
 * @returns the same object
 */
export function mendHuggingFace(tokenizer: Tokenizer): Tokenizer {
  if (tokenizer.normalizer) mendNormalizer(tokenizer.normalizer);
  if (tokenizer.pre_tokenizer) mendPreTokenizer(tokenizer.pre_tokenizer);
  if (tokenizer.model instanceof Unigram) mendUnigram(tokenizer.model);
  return tokenizer;
}

function mendNormalizer(normalizer: Normalizer): void {
  if (normalizer instanceof SequenceNormalizer) {
    for (const part of normalizer.normalizers) if (part) mendNormalizer(part);
  } else if (normalizer instanceof LowercaseNormalizer) {
    normalizer.normalize = lowerCaseCharacters;
  } else if (normalizer instanceof PrecompiledNormalizer && normalizer.charsmap) {
    normalizer.normalize = precompiled(fromBase64(normalizer.charsmap, 'its precompiled_charsmap'));
  } else if (normalizer instanceof StripNormalizer) {
    const { strip_left: left, strip_right: right } = normalizer.config as { strip_left?: boolean; strip_right?: boolean };
    normalizer.normalize = (text) => {
      const stripped = left ? text.replace(/^\p{White_Space}+/u, '') : text;
      return right ? stripped.replace(/\p{White_Space}+$/u, '') : stripped;
    };
  }
}

function mendPreTokenizer(preTokenizer: PreTokenizer): void {
  if (preTokenizer instanceof SequencePreTokenizer) {
    for (const part of preTokenizer.tokenizers) if (part) mendPreTokenizer(part);
  } else if (preTokenizer instanceof ByteLevelPreTokenizer) {
    preTokenizer.pattern = GPT2_PIECE;
  } else if (preTokenizer instanceof WhitespaceSplitPreTokenizer) {
    preTokenizer.pre_tokenize_text = (text) => text.match(/\P{White_Space}+/gu) ?? [];
  }
}

function mendUnigram(model: Unigram): void {
  const { vocab, unk_id: id } = model.config as { vocab: readonly (readonly [string, number])[]; unk_id: number | null };
  const pieces = vocab.map(([text, score], place) => ({ text, score: asRead(score), id: place }));
  const worst = pieces.reduce((least, { score }) => Math.min(least, score), Number.POSITIVE_INFINITY);
  const segment = bestSegmenter(pieces, { unknown: { id: id ?? -1, score: worst - UNKNOWN_PENALTY }, sums: Float64Array });
  model.tokenize = (text) => segment(text).map((piece) => piece.text);
}

/**
 * A number as the reference reads it from the file, where it differs in the last bit: all digits as one whole number, divided by a power of
 * ten. Long repetitions of a character have ties that this decides.
 *
 * @see the crate serde_json without its feature float_roundtrip, `de.rs` (f64_from_parts)
 */
function asRead(score: number): number {
  const [mantissa, exponent = '0'] = String(score).split('e');
  const [whole, fraction = ''] = mantissa.split('.');
  const power = Number(exponent) - fraction.length;
  const digits = Number(whole + fraction);
  return power < 0 ? digits / Number(`1e${-power}`) : digits * Number(`1e${power}`);
}

/**
 * The character map as `tokenizers` applies it, which is not how SentencePiece does: the shortest rule at the beginning of a short cluster
 * (what a reader sees as one character) replaces all of it, else that of each character does.
 *
 * @see the crate spm_precompiled, `lib.rs` (normalize_string)
 */
function precompiled(blob: Uint8Array): (text: string) => string {
  const rulesAt = charsMap(blob);
  const utf8 = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const clusters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const known = new Map<string, string>();
  const replaced = (text: string): string | undefined => {
    const rule = rulesAt(utf8.encode(text), 0)[0];
    return rule && decoder.decode(rule.replacement);
  };
  const normalized = (cluster: string): string => {
    const whole = utf8.encode(cluster).length < WHOLE_CLUSTER ? replaced(cluster) : undefined;
    return whole ?? Array.from(cluster, (character) => replaced(character) ?? character).join('');
  };
  return (text) => {
    const parts: string[] = [];
    // Each printing character of ASCII is a cluster; to find the others takes several times as long.
    const segments = /^[ -~]*$/.test(text) ? Array.from(text) : Array.from(clusters.segment(text), ({ segment }) => segment);
    for (const cluster of segments) {
      let part = known.get(cluster);
      if (part === undefined) {
        part = normalized(cluster);
        if (known.size >= KNOWN_CLUSTERS) known.clear();
        known.set(cluster, part);
      }
      parts.push(part);
    }
    return parts.join('');
  };
}
