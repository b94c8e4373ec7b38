import type { RgbImage } from '@vitrail/data';
import type { Rgb } from '@vitrail/paint';
import type { Readout } from '@vitrail/pretrained';

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
  /** A colour for every word. */
  readonly colors: readonly Rgb[];
  /** Cosine of the whole picture with every word, `[words]`. */
  readonly scores: Float32Array;
  /** The first three principal components of the patches as colours, `[rows * columns * 3]`, in [0, 1]. */
  readonly principal: Float32Array;
  /** Unit features of the patches, `[rows * columns * width]`, to compare them with each other. */
  readonly patches: Float32Array;
  readonly milliseconds: number;
};
