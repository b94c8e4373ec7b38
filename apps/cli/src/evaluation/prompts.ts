import type { Tensor2D } from '@tensorflow/tfjs-core';
import { tclTemplates } from '@vitrail/captions';
import type { SampleSource } from '@vitrail/data';
import { classEmbeddings } from '@vitrail/eval';
import type { Model } from '@vitrail/pretrained';

/** Unit embeddings of a source's classes, `[C, D]`, averaged over the prompts that suit its captions. The caller disposes them. */
export async function sourceClassEmbeddings(model: Model, source: SampleSource): Promise<Tensor2D> {
  return await classEmbeddings(model.encodeTexts, source.classNames ?? [], source.templates ?? tclTemplates);
}
