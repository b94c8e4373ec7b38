import { concat, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { SampleSource } from '@vitrail/data';
import { retrieval } from '@vitrail/eval';
import type { Model } from '@vitrail/pretrained';
import { ClsFeatures } from './cls-features.ts';
import { descriptiveCaption } from './descriptive-caption.ts';
import type { EvaluationResult } from './evaluation-result.ts';
import { type PictureOptions, picturesInChunks } from './pictures-in-chunks.ts';

/**
 * Retrieval between pictures of a source and their captions, one caption each: the most descriptive granularity there is. The last CLS token (the one trained on descriptions) gives the numbers; those of the first stand beside under `firstCls`.
 */
export async function evaluateRetrieval(model: Model, source: SampleSource, pictures: PictureOptions): Promise<EvaluationResult> {
  const captions: string[] = [];
  const features = new ClsFeatures();
  for await (const { samples, pixels } of picturesInChunks(source, { ...pictures, require: descriptiveCaption })) {
    await features.add(model, pixels, samples.length);
    captions.push(...samples.map(descriptiveCaption));
  }
  const owner = Int32Array.from(captions, (_, i) => i);
  const texts = encodeTextsInChunks(model, captions);
  const scoresOf = async (token: number) => {
    const images = features.tensor(token);
    return await retrieval({ images, texts, owner }).finally(() => images.dispose());
  };
  try {
    const scores = await scoresOf(features.tokens - 1);
    const first = features.tokens > 1 && { firstCls: await scoresOf(0) };
    return { retrieval: { ...scores, candidates: captions.length, ...first } };
  } finally {
    texts.dispose();
  }
}

/** Texts to `[m, D]`, a few at a time. The caller disposes it. */
function encodeTextsInChunks(model: Model, texts: readonly string[], chunk = 64): Tensor2D {
  return tidy(() => {
    const parts: Tensor2D[] = [];
    for (let first = 0; first < texts.length; first += chunk) parts.push(model.encodeTexts(texts.slice(first, first + chunk)));
    return concat(parts, 0);
  });
}
