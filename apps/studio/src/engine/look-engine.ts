import { dispose, reshape, slice, squeeze, type Tensor2D, type Tensor3D, tensor4d, tidy, transpose } from '@tensorflow/tfjs-core';
import { type ByteSource, blobSource, httpSource } from '@vitrail/checkpoints';
import { countParameters, VitrailError } from '@vitrail/core';
import { type ImagePreparation, prepareImage, type RgbImage } from '@vitrail/data';
import { classEmbeddings, pcaMap, segmentByText } from '@vitrail/eval';
import { l2Normalize, matrixProduct } from '@vitrail/ops';
import { type OpenedModel, openModel, type Readout } from '@vitrail/pretrained';
import { type DeviceReport, type DeviceRequest, startDevice } from './start-device.ts';

/** Where the files of a model are: of the page, or files of a user. */
export type ModelFiles = { readonly urls: readonly string[] } | { readonly files: readonly File[] };

/** What is known of a model that was opened. */
export type ModelCard = {
  /** Such as `siglip (transformers)`. */
  readonly family: string;
  /** Side of the pictures it was made for, and of a patch, in pixels. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly parameters: number;
  readonly encodesTexts: boolean;
  readonly readouts: readonly Readout[];
};

/** What to look at a picture with. */
export type LookRequest = {
  /** Names the picture: features are kept for as long as this stays the same. */
  readonly pictureId: string;
  readonly picture: RgbImage;
  /** Side of the square that the model sees, in pixels: a multiple of its `patchSize`. Positions are resized to its grid. */
  readonly size: number;
  readonly readout: Readout;
  /** None for a model without texts. */
  readonly words: readonly string[];
  /** Prompts, with `{}` where the word goes; they are averaged. */
  readonly templates: readonly string[];
};

/** What a model makes of a picture. */
export type Look = {
  readonly rows: number;
  readonly columns: number;
  /** Cosine of every patch with every word, `[words * rows * columns]`, a word after the other. */
  readonly cosines: Float32Array;
  /** The nearest word of every pixel of the picture, `[height * width]`; empty for fewer than two words. */
  readonly labels: Uint8Array;
  /** Cosine of the whole picture with every word, `[words]`. */
  readonly scores: Float32Array;
  /** The first three principal components of the patches as colours, `[rows * columns * 3]`, in [0, 1]. */
  readonly principal: Float32Array;
  /** Unit features of the patches, `[rows * columns * width]`, to compare them with each other. */
  readonly patches: Float32Array;
  readonly milliseconds: number;
};

/** The words of one request, and what the model made of them. */
type KnownWords = { readonly key: string; readonly embeddings: Tensor2D };

/** A model in the worker. */
type Opened = { readonly model: OpenedModel; words?: KnownWords };

/** Models that are looked with, by the place that they have on the page. Everything is computed in the worker that this is made in. */
export class LookEngine {
  readonly #models = new Map<string, Opened>();

  /** @see startDevice */
  startDevice(request: DeviceRequest, onLost?: (reason: string) => void): Promise<DeviceReport> {
    return startDevice(request, onLost);
  }

  /**
   * Opens a model in a place; the one that was there is closed if this one opens.
   *
   * @throws as `openModel`
   */
  async openModel(place: string, from: ModelFiles, onProgress?: (done: number, of: number) => void): Promise<ModelCard> {
    const sources: ByteSource[] =
      'files' in from ? from.files.map((file) => blobSource(file)) : await Promise.all(from.urls.map((url) => httpSource(url)));
    const model = await openModel(sources, { onProgress });
    this.closeModel(place);
    this.#models.set(place, { model });
    const { family, encoders, readouts, imageSize, encodesTexts } = model;
    return {
      family: family.name,
      imageSize,
      patchSize: encoders.image.patchSize,
      parameters: countParameters(model.params),
      encodesTexts,
      readouts,
    };
  }

  closeModel(place: string): void {
    const opened = this.#models.get(place);
    opened?.words?.embeddings.dispose();
    opened?.model.dispose();
    this.#models.delete(place);
  }

  /** @throws `missing-data` where no model was opened in that place; `invalid-argument` for a size that does not fit the patches */
  async look(place: string, request: LookRequest): Promise<Look> {
    const opened = this.#models.get(place);
    if (opened === undefined) throw new VitrailError('missing-data', 'open a model first');
    const start = performance.now();
    const { picture, words, readout, size } = request;
    const { model } = opened;
    const classes = words.length > 0 ? await this.#embeddings(opened, request) : undefined;
    const pixels = prepareImage(picture, squeezed(model.preparation, size));
    const features = tidy(() => {
      const images = tensor4d(pixels, [1, size, size, 3]);
      const { cls, patches } = model.encoders.image.encode(images, readout);
      const [, rows, columns, width] = patches.shape;
      const units = l2Normalize(reshape(patches, [rows * columns, width])) as Tensor2D;
      const [, tokens, clsWidth] = cls.shape;
      const whole = l2Normalize(slice(reshape(cls, [tokens, clsWidth]), [tokens - 1, 0])) as Tensor2D;
      return {
        patches,
        units,
        ...(classes && {
          cosines: transpose(matrixProduct(units, transpose(classes))),
          scores: matrixProduct(whole, transpose(classes)),
        }),
      };
    });
    try {
      const [, rows, columns] = features.patches.shape;
      const grid = squeeze<Tensor3D>(features.patches, [0]);
      const principal = await pcaMap(grid).finally(() => grid.dispose());
      const none = new Float32Array();
      return {
        rows,
        columns,
        principal,
        cosines: features.cosines ? await features.cosines.data<'float32'>() : none,
        scores: features.scores ? await features.scores.data<'float32'>() : none,
        labels:
          classes && words.length > 1
            ? await segmentByText(features.patches, classes, [picture.height, picture.width])
            : new Uint8Array(),
        patches: await features.units.data<'float32'>(),
        milliseconds: performance.now() - start,
      };
    } finally {
      dispose(features);
    }
  }

  /** Unit embeddings of the words, which are kept until other words come. */
  async #embeddings(opened: Opened, { words, templates }: LookRequest): Promise<Tensor2D> {
    const key = JSON.stringify([words, templates]);
    if (opened.words?.key !== key) {
      const embeddings = await classEmbeddings(opened.model.encodeTexts, words, templates);
      opened.words?.embeddings.dispose();
      opened.words = { key, embeddings };
    }
    return opened.words.embeddings;
  }
}

/** The whole picture squeezed into a square, so that every pixel is seen by a patch. */
function squeezed(preparation: ImagePreparation, size: number): ImagePreparation {
  return { ...preparation, resize: { kind: 'square', size } };
}
