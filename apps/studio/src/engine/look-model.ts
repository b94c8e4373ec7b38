import {
  dispose,
  reshape,
  slice,
  squeeze,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor4d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { type ImagePreparation, prepareImage } from '@vitrail/data';
import { classEmbeddings, pcaMap, segmentByText } from '@vitrail/eval';
import { l2Normalize, matrixProduct } from '@vitrail/ops';
import { classColors, type Rgb } from '@vitrail/paint';
import type { OpenedModel } from '@vitrail/pretrained';
import type { Look, LookRequest } from './look-request.ts';

/** What a model made of the picture of the last request. */
type Seen = {
  readonly key: string;
  /** `[1, rows, columns, D]`, and their unit vectors, `[rows * columns, D]`. */
  readonly patches: Tensor4D;
  readonly units: Tensor2D;
  readonly principal: Float32Array;
};

/** The unit vector of the whole picture of the last request, `[1, D]`. */
type Whole = { readonly key: string; readonly unit: Tensor2D };

/** What a model made of the words of the last request: unit vectors, `[words, D]`. */
type Read = { readonly key: string; readonly embeddings: Tensor2D; readonly colors: readonly Rgb[] };

/** A model that pictures are looked at with. What it made of the last picture and the last words is kept, so that only one of them is computed anew. */
export class LookModel {
  readonly #model: OpenedModel;
  #seen?: Seen;
  #whole?: Whole;
  #read?: Read;

  /** @param model is disposed with this */
  constructor(model: OpenedModel) {
    this.#model = model;
  }

  /** @throws `invalid-argument` for a size that does not fit the patches */
  async look(request: LookRequest): Promise<Look> {
    const start = performance.now();
    const { picture, words } = request;
    const seen = await this.#see(request);
    const whole = this.#seeWhole(request);
    const read = words.length > 0 ? await this.#readWords(request) : undefined;
    const [, rows, columns] = seen.patches.shape;
    const similarities = tidy(() => {
      const wordColumns = read && transpose(read.embeddings);
      return (
        wordColumns && {
          cosines: transpose(matrixProduct(seen.units, wordColumns)),
          scores: matrixProduct(whole.unit, wordColumns),
        }
      );
    });
    try {
      const none = new Float32Array();
      return {
        rows,
        columns,
        principal: seen.principal,
        cosines: similarities ? await similarities.cosines.data<'float32'>() : none,
        scores: similarities ? await similarities.scores.data<'float32'>() : none,
        labels:
          read && words.length > 1
            ? await segmentByText(seen.patches, read.embeddings, [picture.height, picture.width])
            : new Uint8Array(),
        colors: read?.colors ?? [],
        patches: await seen.units.data<'float32'>(),
        milliseconds: performance.now() - start,
      };
    } finally {
      if (similarities) dispose(similarities);
    }
  }

  dispose(): void {
    this.#forgetPicture();
    this.#whole?.unit.dispose();
    this.#read?.embeddings.dispose();
    this.#model.dispose();
  }

  async #see({ pictureId, picture, size, readout }: LookRequest): Promise<Seen> {
    const key = JSON.stringify([pictureId, size, readout]);
    if (this.#seen?.key === key) return this.#seen;
    this.#forgetPicture();
    const pixels = prepareImage(picture, squeezed(this.#model.preparation, size));
    const features = tidy(() => {
      const { patches } = this.#model.encoders.image.encode(tensor4d(pixels, [1, size, size, 3]), readout);
      const [, rows, columns, width] = patches.shape;
      return { patches, units: l2Normalize(reshape(patches, [rows * columns, width])) as Tensor2D };
    });
    const grid = squeeze<Tensor3D>(features.patches, [0]);
    try {
      this.#seen = { key, ...features, principal: await pcaMap(grid) };
      return this.#seen;
    } catch (error) {
      dispose(features);
      throw error;
    } finally {
      grid.dispose();
    }
  }

  /** In the size that the model was made for and without a read-out, for which alone global tokens are meant. Of several, the last is that of texts. */
  #seeWhole({ pictureId, picture }: LookRequest): Whole {
    if (this.#whole?.key === pictureId) return this.#whole;
    const model = this.#model;
    const unit = tidy(() => {
      const { cls } = model.encodeImages(model.prepare(picture, 'whole'), 1);
      const [, tokens, width] = cls.shape;
      return l2Normalize(slice(reshape(cls, [tokens, width]), [tokens - 1, 0])) as Tensor2D;
    });
    this.#whole?.unit.dispose();
    this.#whole = { key: pictureId, unit };
    return this.#whole;
  }

  async #readWords({ words, templates }: LookRequest): Promise<Read> {
    const key = JSON.stringify([words, templates]);
    if (this.#read?.key !== key) {
      const embeddings = await classEmbeddings(this.#model.encodeTexts, words, templates);
      this.#read?.embeddings.dispose();
      this.#read = { key, embeddings, colors: classColors(words) };
    }
    return this.#read;
  }

  #forgetPicture(): void {
    if (this.#seen === undefined) return;
    dispose([this.#seen.patches, this.#seen.units]);
    this.#seen = undefined;
  }
}

/** The whole picture squeezed into a square, so that every pixel is seen by a patch. */
function squeezed(preparation: ImagePreparation, size: number): ImagePreparation {
  return { ...preparation, resize: { kind: 'square', size } };
}
