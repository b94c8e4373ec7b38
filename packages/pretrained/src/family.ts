import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@vitrail/checkpoints';
import type { ParameterShapes, Rng, TensorTree } from '@vitrail/core';
import type { ImagePreparation } from '@vitrail/data';
import type { VitOptions } from '@vitrail/vit';
import type { Naming } from './naming.ts';

/** How dense features are read from an image tower: see `readout` of `applyVit`. */
export type Readout = NonNullable<VitOptions['readout']>;

/** What an image tower gives. Whoever called disposes both. */
export type ImageFeatures = {
  /** `[B, C, E]`, one row per global token, not normalised: in the space shared with texts where there is one. */
  readonly cls: Tensor3D;
  /** `[B, rows, columns, D]`, not normalised: in that space, too, where the model can bring them there. */
  readonly patches: Tensor4D;
};

/** The image tower of a model. */
export type ImageEncoder = {
  /** Side of the square images it was made for, in pixels. */
  readonly imageSize: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  /** The read-outs that `encode` knows; `tokens` always. */
  readonly readouts: readonly Readout[];
  /**
   * @param images `[B, H, W, 3]`, prepared as the model wants them
   * @throws `shape-mismatch` for images that do not fit; `invalid-argument` for a read-out that is not among `readouts`
   */
  encode(images: Tensor4D, readout?: Readout): ImageFeatures;
};

/** The text tower of a model. */
export type TextEncoder = {
  /** Tokens of the longest text. */
  readonly maxTokens: number;
  /** V: ids lie in `[0, V)`. */
  readonly vocabularySize: number;
  /**
   * @param ids `[B, L]`, int32
   * @param padding `[B, L]`, 1 where a text has ended; families that do not look at it say so
   * @returns `[B, E]`, not normalised, the caller's
   */
  encode(ids: Tensor2D, padding: Tensor2D): Tensor2D;
};

/** The towers of a model over parameters that somebody else owns. A model of pictures alone has no `text`. */
export type Encoders = { readonly image: ImageEncoder; readonly text?: TextEncoder };

/** What is known of a model before its weights are read. */
export type ModelHeader = {
  /** The parsed `config.json` (Hugging Face) or `open_clip_config.json`, where there is one. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Names and shapes of the file's tensors. */
  readonly tensors: Readonly<Record<string, TensorInfo>>;
  /** Texts in the file's header. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether heads for training are wanted, too, where the file has some; not by default. */
  readonly withHeads?: boolean;
};

/** One way in which models of one kind are published: how to tell them, and how their names, shapes and towers are ours. */
export type ModelFamily<Config> = {
  /** For messages and `--json`: `siglip (transformers)`. */
  readonly name: string;
  /**
   * The configuration of such a model, or `undefined` when it is none.
   *
   * @throws `invalid-argument` for a model of this family that is not supported, saying what about it
   */
  recognise(header: ModelHeader): Config | undefined;
  /** The shapes of our parameter tree. */
  shapes(config: Config): ParameterShapes;
  /** Where each of its parameters is in the file. */
  naming(config: Config): Naming;
  /** Patterns (of `selectPaths`) of names in the file that hold nothing to be learned: buffers, counters. */
  readonly ignored: readonly string[];
  /** Fresh parameters, for what a file does not hold. */
  init(config: Config, rng: Rng): TensorTree;
  /** The towers over parameters that stay the caller's. */
  encoders(config: Config, params: TensorTree): Encoders;
  /**
   * What the authors' own vocabulary file means where there is no `tokenizer.json`: `tips`, a SentencePiece model of lower-cased texts; `clip`,
   * merges of byte pairs between a start and an end token.
   */
  readonly vocabulary?: 'tips' | 'clip';
  /** How the model's authors prepare pictures, where no `preprocessor_config.json` says it. */
  preparation(config: Config): ImagePreparation;
};
