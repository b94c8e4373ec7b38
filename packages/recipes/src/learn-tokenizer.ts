import type { SampleSource } from '@vitrail/data';
import { learnWords, type Tokenizer, wordTokenizer } from '@vitrail/text';

/** Ids that every word tokenizer has besides words: padding and the 256 bytes. */
const reservedIds = 257;

/** Samples whose captions the vocabulary is learned from. */
const sampledCaptions = 2000;

/** Samples that are read at the same time. */
const readAtOnce = 16;

/**
 * The tokenizer of a run: the words that its source says it uses, else the most frequent words of captions spread evenly over the data.
 * Any other word is spelled in bytes. The same data gives the same tokenizer.
 *
 * @param source that is trained on; up to 2,000 of its samples are read where it does not say its words
 * @param text `maxTokens` of a text, and the `vocabularySize` at most: padding, 256 bytes, words
 * @example (await learnTokenizer(sceneSource(), { maxTokens: 32, vocabularySize: 400 })).vocabularySize // at most 400
 */
export async function learnTokenizer(
  source: SampleSource,
  { maxTokens, vocabularySize }: { maxTokens: number; vocabularySize: number },
): Promise<Tokenizer> {
  const room = vocabularySize - reservedIds;
  const words = source.words?.slice(0, room) ?? learnWords(await spreadCaptions(source), room);
  return wordTokenizer({ words: [...words], maxTokens });
}

async function spreadCaptions(source: SampleSource): Promise<string[]> {
  const count = Math.min(source.size, sampledCaptions);
  const indices = Array.from({ length: count }, (_, i) => Math.floor((i * source.size) / count));
  const captions: string[] = [];
  while (indices.length > 0) {
    // A sample that cannot be read is the loader's to report; it only lacks a vote on the vocabulary here.
    const samples = await Promise.all(indices.splice(0, readAtOnce).map((index) => source.read(index).catch(() => undefined)));
    captions.push(...samples.flatMap((sample) => Object.values(sample?.captions ?? {}).flat()));
  }
  return captions;
}
