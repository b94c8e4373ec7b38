import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Tokenizer } from '../src/tokenizer.ts';
import { drawer, mixedTexts, type TextPools } from './mixed-texts.ts';

/** What a reference gives for all texts: a hash of every hundred rows, and every fiftieth row in full. */
export type ReferenceIds = { readonly blocks: readonly string[]; readonly shown: readonly (readonly number[])[] };

type Fixture = {
  texts: TextPools & { seed: number; count: number; blocks: string[] };
  block: number;
  shown: number;
  charsMap: string;
  huggingFace: Record<string, { file: object; ids: ReferenceIds & { cutTo: number; cutBlocks: string[] } }>;
  sentencePiece: Record<string, { model: string; hasCharsMap: boolean; addBos: boolean; addEos: boolean; ids: ReferenceIds }>;
  openClip: ReferenceIds;
  training: { words: string[]; wordSeed: number; wordTexts: number; mixedSeed: number; mixedTexts: number; file: object };
};

/** `tokenizers.json.gz`, which `tools/reference/tokenizers.py` wrote. */
export const fixture: Fixture = JSON.parse(
  gunzipSync(readFileSync(new URL('./fixtures/tokenizers.json.gz', import.meta.url))).toString(),
);

/** The 10,000 texts. */
export const texts: readonly string[] = mixedTexts(fixture.texts, fixture.texts.seed, fixture.texts.count);

/** A hash of every hundred values, as the script makes it. */
export function blocksOf(values: readonly unknown[]): string[] {
  return Array.from({ length: values.length / fixture.block }, (_, i) => {
    const json = JSON.stringify(values.slice(i * fixture.block, (i + 1) * fixture.block));
    return createHash('sha256').update(json).digest('hex').slice(0, 16);
  });
}

/** Where a tokenizer's ids are not those of a reference: the first texts in full that differ, then the hundreds that do. */
export function differences(tokenizer: Tokenizer, ids: ReferenceIds): string[] {
  const rows = texts.map((text) => tokenizer.encode(text));
  const shown = ids.shown.flatMap((expected, i) => {
    const at = i * fixture.shown;
    const [want, got] = [JSON.stringify(expected), JSON.stringify(rows[at])];
    return want === got ? [] : [`text ${at}, ${JSON.stringify(texts[at]).slice(0, 200)}: ${got} for ${want}`];
  });
  const blocks = blocksOf(rows).flatMap((hash, i) => (hash === ids.blocks[i] ? [] : [`texts from ${i * fixture.block}`]));
  return [...shown.slice(0, 3), ...blocks];
}

/** The `tokenizer.json` of a name, with its character map. */
export function tokenizerFile(name: string): object {
  return JSON.parse(JSON.stringify(fixture.huggingFace[name].file).replace('"CHARSMAP"', JSON.stringify(fixture.charsMap)));
}

/** The `.model` of a name. Its character map is a second normalizer message behind it, which a reader must take for a part of the first. */
export function sentencePieceModel(name: string): Uint8Array {
  const { model, hasCharsMap } = fixture.sentencePiece[name];
  const bytes = Buffer.from(model, 'base64');
  if (!hasCharsMap) return bytes;
  const map = Buffer.from(fixture.charsMap, 'base64');
  return Buffer.concat([bytes, message(3, message(2, map))]);
}

/** A field of Protocol Buffers that holds bytes. */
export function message(field: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([field * 8 + 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** The captions that the script trains on. */
export function trainingCaptions(): string[] {
  const { words, wordSeed, wordTexts, mixedSeed, mixedTexts: mixed } = fixture.training;
  const draw = drawer(wordSeed);
  const sentences = Array.from({ length: wordTexts }, () =>
    Array.from({ length: 1 + draw(20) }, () => words[draw(words.length)]).join(' '),
  );
  return [...sentences, ...mixedTexts(fixture.texts, mixedSeed, mixed)];
}
