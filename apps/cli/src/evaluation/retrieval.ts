import { concat, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { SampleSource } from '@vitrail/data';
import { retrieval } from '@vitrail/eval';
import type { Model } from '../model.ts';
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
    features.add(model, pixels, samples.length);
    captions.push(...samples.map(descriptiveCaption));
  }
  const owner = Int32Array.from(captions, (_, i) => i);
  return tidy(() => {
    const texts = encodeTextsInChunks(model, captions);
    const scores = (token: number) => retrieval({ images: features.tensor(token), texts, owner });
    const first = features.tokens > 1 ? { firstCls: scores(0) } : {};
    return { retrieval: { ...scores(features.tokens - 1), candidates: captions.length, ...first } };
  }) as EvaluationResult;
}

/** Texts to `[m, D]`, a few at a time. The caller disposes it. */
function encodeTextsInChunks(model: Model, texts: readonly string[], chunk = 64): Tensor2D {
  const parts: Tensor2D[] = [];
  for (let first = 0; first < texts.length; first += chunk) parts.push(model.encodeTexts(texts.slice(first, first + chunk)));
  return concat(parts, 0);
}
