import { type Tensor2D, type Tensor4D, tensor2d, tensor4d } from '@tensorflow/tfjs-core';
import { drawCaptions } from '@vitrail/captions';
import { createRng } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import { encodeBatch, type Tokenizer } from '@vitrail/text';
import type { DualEncoderConfiguration } from './configuration.ts';
import type { TextBatch } from './dual-encoder.ts';

/** The tensors of one micro-batch of `B` pictures, `M` local crops each, and `S` caption streams. Whoever made it disposes it. */
export type VisionTextBatch = {
  /** Global crops, `[B, H, W, 3]` in [0, 1]. */
  global: Tensor4D;
  /** Local crops, `[B * M, h, w, 3]`, those of one picture side by side; absent when there are none. */
  locals?: Tensor4D;
  /** Captions, stream by stream: `[S * B, L]`. */
  texts: TextBatch;
};

/**
 * Draws captions for every picture of a batch, tokenises them and moves crops and tokens to the device.
 *
 * The draw is a pure function of (seed, epoch, sample index).
 */
export function visionTextBatch(config: DualEncoderConfiguration, tokenizer: Tokenizer, batch: Batch): VisionTextBatch {
  const { views, captions, train } = config;
  const size = batch.samples.length;
  const rng = createRng(train.seed).fork('captions');
  const drawn = batch.samples.map((sample) =>
    drawCaptions(sample.captions, captions.streams, rng.fork(sample.epoch, sample.index)),
  );
  const streams = captions.streams.flatMap((_, stream) => drawn.map((texts) => texts[stream]));
  return {
    global: tensor4d(batch.global, [size, views.globalSize, views.globalSize, 3]),
    ...(views.localCrops > 0 && {
      locals: tensor4d(batch.locals, [size * views.localCrops, views.localSize, views.localSize, 3]),
    }),
    texts: textBatch(tokenizer, streams),
  };
}

/** Tokenised texts as tensors, no longer than the longest of them (padding after that would be masked anyway). The caller disposes both. */
export function textBatch(tokenizer: Tokenizer, texts: readonly string[]): TextBatch {
  const { ids, padding, shape } = encodeBatch(tokenizer, texts);
  const [count, width] = shape;
  let longest = 1;
  padding.forEach((isPadding, i) => {
    if (!isPadding) longest = Math.max(longest, (i % width) + 1);
  });
  const trim = <T extends Int32Array | Uint8Array>(rows: T): Int32Array =>
    Int32Array.from({ length: count * longest }, (_, i) => rows[Math.floor(i / longest) * width + (i % longest)]);
  return {
    ids: tensor2d(trim(ids), [count, longest], 'int32'),
    padding: tensor2d(Float32Array.from(trim(padding)), [count, longest]),
  };
}

/** Releases the tensors of a batch. */
export function disposeBatch(batch: VisionTextBatch & { mask?: Tensor2D }): void {
  for (const tensor of [batch.global, batch.locals, batch.mask, batch.texts.ids, batch.texts.padding]) tensor?.dispose();
}
