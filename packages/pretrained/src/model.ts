import { type Tensor2D, tensor2d, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { type ImagePreparation, preparedSize, prepareImage, type RgbImage } from '@vitrail/data';
import { encodeBatch, type Tokenizer } from '@vitrail/text';
import type { Encoders, ImageFeatures, Readout } from './family.ts';

/** A model that encodes pictures and texts. It owns nothing: whoever made it disposes its parameters. */
export type Model = {
  /** Side of the square pictures that it prepares and takes, in pixels. */
  readonly imageSize: number;
  /** How dense features can be read; `tokens` always. */
  readonly readouts: readonly Readout[];
  /** Whether it has a text tower and a tokenizer. */
  readonly encodesTexts: boolean;
  /**
   * A picture as the model takes it, `[imageSize, imageSize, 3]`.
   *
   * `reference` as its authors prepare pictures; `whole` with nothing cut off, so that every pixel is seen by a patch: the picture is
   * squeezed into the square instead, with the same filter and normalisation.
   */
  prepare(picture: RgbImage, view: 'reference' | 'whole'): Float32Array;
  /** `count` prepared pictures, one behind the other, in one forward pass. The caller disposes both tensors. */
  encodeImages(pixels: Float32Array, count: number, readout?: Readout): ImageFeatures;
  /**
   * `[texts, E]`, not normalised, the caller's.
   *
   * @throws `unavailable` for a model that has no text tower or came without a tokenizer
   */
  encodeTexts(texts: readonly string[]): Tensor2D;
};

/** The model of two towers, their preparation of pictures and their tokenizer, whose ids the text tower embeds. */
export function modelOf(
  { image, text }: Encoders,
  { preparation, tokenizer }: { preparation: ImagePreparation; tokenizer?: Tokenizer },
): Model {
  const side = preparedSize(preparation);
  return {
    imageSize: side,
    readouts: image.readouts,
    encodesTexts: text !== undefined && tokenizer !== undefined,
    prepare: (picture, view) =>
      prepareImage(picture, view === 'reference' ? preparation : { ...preparation, resize: { kind: 'square', size: side } }),
    encodeImages: (pixels, count, readout) => tidy(() => image.encode(tensor4d(pixels, [count, side, side, 3]), readout)),
    encodeTexts: (texts) => {
      if (text === undefined) {
        throw new VitrailError('unavailable', 'this model has no text tower: it encodes pictures alone');
      }
      if (tokenizer === undefined) {
        throw new VitrailError(
          'unavailable',
          'texts need the tokenizer of the model: name its tokenizer.json (Hugging Face), tokenizer.model (SentencePiece) or bpe_simple_vocab_16e6.txt.gz (CLIP) beside the weights',
        );
      }
      const { ids, padding, shape } = encodeBatch(tokenizer, texts);
      return tidy(() => text.encode(tensor2d(ids, shape, 'int32'), tensor2d(Float32Array.from(padding), shape)));
    },
  };
}
