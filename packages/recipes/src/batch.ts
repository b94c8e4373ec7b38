import { slice, type Tensor4D, tensor2d, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { drawCaptions } from '@vitrail/captions';
import { createRng, VitrailError } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import { encodeBatch, type Tokenizer } from '@vitrail/text';
import type { DualEncoderConfiguration, ViewsSection } from './configuration.ts';
import type { TextBatch } from './dual-encoder.ts';

/** The crops of one micro-batch of `B` pictures, `G` global and `M` local ones each. Whoever made it disposes it. */
export type ImageBatch = {
  /** Global crops, `[B * G, H, W, 3]` in [0, 1], those of one picture side by side. */
  global: Tensor4D;
  /** Local crops, `[B * M, h, w, 3]`, those of one picture side by side; absent when there are none. */
  locals?: Tensor4D;
};

/** The tensors of one micro-batch of `B` pictures and `S` caption streams. Whoever made it disposes it. */
export type VisionTextBatch = ImageBatch & {
  /** Captions, stream by stream: `[S * B, L]`. */
  texts: TextBatch;
};

/**
 * Moves the crops of a batch to the device.
 *
 * @param batch of `loadBatches`, with these `views`
 * @returns tensors, the caller's (`disposeTree`)
 * @example imageBatch(config.views, batch).global.shape // [64, 64, 64, 3] for two crops of 64 pixels of 32 pictures
 */
export function imageBatch({ globalSize, globalCrops = 1, localSize, localCrops }: ViewsSection, batch: Batch): ImageBatch {
  const size = batch.samples.length;
  return {
    global: tensor4d(batch.global, [size * globalCrops, globalSize, globalSize, 3]),
    ...(localCrops > 0 && { locals: tensor4d(batch.locals, [size * localCrops, localSize, localSize, 3]) }),
  };
}

/**
 * Draws one caption per stream for every picture of a batch, tokenises them and moves crops and tokens to the device.
 *
 * The draw is a pure function of (`train.seed`, epoch, sample index). A caption is not changed for a crop that does not show all of it.
 *
 * @param batch of `loadBatches`, with the configuration's `views`
 * @returns tensors, the caller's (`disposeBatch`)
 * @throws `missing-data` for a picture without any caption; `invalid-argument` without a tokenizer
 * @see "TIPSv2", arXiv 2604.12012, section 3.5
 * @example visionTextBatch(config, tokenizer, batch).texts.ids.shape // [2 * 32, 9] for two streams, 32 pictures, at most 9 tokens
 */
export function visionTextBatch(
  config: DualEncoderConfiguration,
  tokenizer: Tokenizer | undefined,
  batch: Batch,
): VisionTextBatch {
  requireTokenizer(tokenizer);
  const texts = textBatch(tokenizer, drawnCaptions(config, batch).flat()); // First: it is what may throw.
  return { ...imageBatch(config.views, batch), texts };
}

/**
 * The captions that `visionTextBatch` draws: for every stream one of each picture.
 *
 * @throws `missing-data` for a picture without any caption
 * @example drawnCaptions(config, batch).length // 2, one list of 32 captions for each stream
 */
export function drawnCaptions(
  { captions, train }: Pick<DualEncoderConfiguration, 'captions' | 'train'>,
  { samples }: Batch,
): readonly string[][] {
  const rng = createRng(train.seed).fork('captions');
  const drawn = samples.map(({ captions: own, epoch, index }) => drawCaptions(own, captions.streams, rng.fork(epoch, index)));
  return captions.streams.map((_, stream) => drawn.map((texts) => texts[stream]));
}

/** Throws `invalid-argument` where there is no tokenizer. */
export function requireTokenizer(tokenizer: Tokenizer | undefined): asserts tokenizer is Tokenizer {
  if (tokenizer !== undefined) return;
  throw new VitrailError('invalid-argument', 'captions need a tokenizer, but none came: give prepare the one of the run');
}

/**
 * Tokenised texts as tensors, cut to the longest of them: what comes after it is padding in every row, which no tower looks at.
 *
 * @returns ids and padding, `[texts, L]` with `L` from 1 to the tokenizer's `maxTokens`; the caller's
 * @throws `invalid-argument` when the tokenizer gives more ids than its `maxTokens`
 * @example textBatch(tokenizer, ['a red ball', 'a cat']).ids.shape // [2, 3]
 */
export function textBatch(tokenizer: Tokenizer, texts: readonly string[]): TextBatch {
  const { ids, padding, shape } = encodeBatch(tokenizer, texts);
  const cut: [number, number] = [shape[0], longestRow(padding, shape[1])];
  return tidy(() => ({
    ids: slice(tensor2d(ids, shape, 'int32'), [0, 0], cut),
    padding: slice(tensor2d(Float32Array.from(padding), shape), [0, 0], cut),
  }));
}

/** Releases the tensors of a batch. */
export function disposeBatch({ global, locals, texts }: VisionTextBatch): void {
  for (const tensor of [global, locals, texts.ids, texts.padding]) tensor?.dispose();
}

/** Tokens of the longest row of `[rows, width]`, and at least 1: a tensor without columns could not be embedded. */
function longestRow(padding: Uint8Array, width: number): number {
  let longest = 1;
  padding.forEach((isPadding, i) => {
    if (!isPadding) longest = Math.max(longest, (i % width) + 1);
  });
  return longest;
}
