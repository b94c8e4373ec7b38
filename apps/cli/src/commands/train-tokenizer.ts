import { replaceFile } from '@vitrail/checkpoints/node';
import { isVitrailError, VitrailError } from '@vitrail/core';
import type { SampleSource } from '@vitrail/data';
import { huggingFaceTokenizer, trainBytePairs } from '@vitrail/text';
import { requireWhole } from '@vitrail/train';
import { openAnnouncedSource } from '../data-source.ts';
import { prepareOutput } from '../output-file.ts';
import { printResult } from '../print-result.ts';

/** What `vitrail train-tokenizer` takes. */
export type TrainTokenizerOptions = { data: string; vocab: number; out: string; maxTokens?: number; json?: boolean };

/** Samples that are read at the same time. */
const readAtOnce = 16;

/** Milliseconds between two lines of progress. */
const lineInterval = 5000;

/** Damaged samples that are named; the others are only counted. */
const namedSamples = 5;

/** Captions, spread evenly over all, whose tokens are counted for the result. */
const countedCaptions = 10_000;

/**
 * `vitrail train-tokenizer`: learns a byte-pair vocabulary from all captions of a source, of every granularity, and writes it as a
 * `tokenizer.json`. With `maxTokens` the file says that texts are to be cut to that, which the Python library `tokenizers` follows.
 */
export async function trainTokenizer({ data, vocab, out, maxTokens, json }: TrainTokenizerOptions): Promise<void> {
  requireWhole('--vocab', vocab, 257);
  if (maxTokens !== undefined) requireWhole('--max-tokens', maxTokens, 1);
  await prepareOutput(out);
  const { captions, badSamples } = await readCaptions(data);
  process.stderr.write(`learning from ${captions.length} captions\n`);
  const trained = trainBytePairs(captions, { vocabularySize: vocab });
  const truncation = maxTokens && { direction: 'Right', max_length: maxTokens, strategy: 'LongestFirst', stride: 0 };
  await replaceFile(out, new TextEncoder().encode(`${JSON.stringify({ ...trained, truncation: truncation ?? null })}\n`));

  const tokenizer = huggingFaceTokenizer({ tokenizer: trained, maxTokens: Number.MAX_SAFE_INTEGER });
  const count = Math.min(captions.length, countedCaptions);
  const lengths = Array.from(
    { length: count },
    (_, i) => tokenizer.encode(captions[Math.floor((i * captions.length) / count)]).length,
  );
  const mean = lengths.reduce((sum, length) => sum + length, 0) / count;
  const cut = maxTokens && { cutCaptions: lengths.filter((length) => length > maxTokens).length / count };
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  printResult(
    {
      file: out,
      vocabularySize: tokenizer.vocabularySize,
      captions: captions.length,
      ...(badSamples > 0 && { badSamples }),
      tokensPerCaption: { mean, longest },
      ...cut,
    },
    { json: json ?? false },
  );
}

async function readCaptions(spec: string): Promise<{ captions: string[]; badSamples: number }> {
  const source = await openAnnouncedSource(spec);
  try {
    const captions: string[] = [];
    let badSamples = 0;
    let told = performance.now();
    for (let start = 0; start < source.size; start += readAtOnce) {
      const indices = Array.from({ length: Math.min(readAtOnce, source.size - start) }, (_, i) => start + i);
      const read = await Promise.all(indices.map((index) => captionsAt(source, index)));
      for (const texts of read) {
        if (texts instanceof Error) {
          if (++badSamples <= namedSamples) process.stderr.write(`left out: ${texts.message}\n`);
        } else captions.push(...texts);
      }
      if (performance.now() - told > lineInterval) {
        told = performance.now();
        process.stderr.write(`read ${start + indices.length} of ${source.size} samples\n`);
      }
    }
    if (badSamples > namedSamples) process.stderr.write(`left out: ${badSamples} samples in all\n`);
    if (captions.length === 0) throw new VitrailError('missing-data', `--data: ${spec} has no captions to learn from`);
    return { captions, badSamples };
  } finally {
    await source.close();
  }
}

/** The captions of a sample of every granularity, or what is wrong with it. */
async function captionsAt(source: SampleSource, index: number): Promise<readonly string[] | Error> {
  try {
    return Object.values((await source.read(index)).captions).flat();
  } catch (error) {
    if (isVitrailError(error) && error.code === 'corrupt-data') return error;
    throw error;
  }
}
