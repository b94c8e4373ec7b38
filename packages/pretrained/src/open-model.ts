import type { ByteSource } from '@vitrail/checkpoints';
import { createRng, disposeTree, isVitrailError, type TensorTree, VitrailError } from '@vitrail/core';
import { type ImagePreparation, parsePreprocessorConfig } from '@vitrail/data';
import type { Tokenizer } from '@vitrail/text';
import type { Encoders } from './family.ts';
import { type Differences, loadParameters } from './load-parameters.ts';
import { type Model, modelOf } from './model.ts';
import { openModelFiles } from './model-files.ts';
import { readTokenizer } from './read-tokenizer.ts';
import { type Recognised, recognise, weightsLookLike } from './recognise.ts';

/** A model out of files, with its parameters. */
export type OpenedModel = Model &
  Recognised & {
    /** The caller's, like the model: `dispose` releases them. */
    readonly params: TensorTree;
    /** The towers over these parameters. */
    readonly encoders: Encoders;
    /** How it wants its pictures. */
    readonly preparation: ImagePreparation;
    readonly tokenizer?: Tokenizer;
    /** How the weights differed from what the model wants: nothing, if `strict`. */
    readonly differences: Differences;
    dispose(): void;
  };

/** How {@link openModel} reads. */
export type OpenModelOptions = {
  /** Whether tensors that are missing, unexpected or wrongly shaped are an error; `true` by default. What is missing starts fresh otherwise. */
  readonly strict?: boolean;
  /** Whether heads for training are loaded, too, as `heads` of the parameters: models pretrained here may have some. Not by default. */
  readonly withHeads?: boolean;
  /** Called after each parameter. */
  readonly onProgress?: (done: number, of: number) => void;
};

/**
 * Opens a model of any known family: `config.json`, weights, tokenizer and preparation of pictures out of the files of a folder, or weights
 * and tokenizer as official releases have them (`vision.npz`, `text.npz`, `tokenizer.model`).
 *
 * Weights are read one tensor after the other, onto the current backend.
 *
 * @param sources the files of one model, known by the last part of their names; those that are not needed are not read
 * @returns the model; the caller disposes it
 * @throws `corrupt-data` for damaged files and models of no known family; `shape-mismatch` listing every name that does not fit; `missing-data` without weights
 * @example (await openModel([blobSource(config), blobSource(weights)])).encodeImages(pixels, 1).cls.shape // [1, 1, 512]
 */
export async function openModel(sources: readonly ByteSource[], options: OpenModelOptions = {}): Promise<OpenedModel> {
  const files = await openModelFiles(sources);
  const { weights } = files;
  const { family, config } = recognise({
    config: files.config,
    tensors: weights.tensors,
    metadata: weights.metadata,
    withHeads: options.withHeads,
  });
  const { ignored } = family;
  const fresh = () => family.init(config, createRng(0));
  const { params, differences } = await loadParameters(
    weights,
    { shapes: family.shapes(config), naming: family.naming(config), ignored, fresh },
    options,
  ).catch((error: unknown) => {
    throw withLooks(error, family.name, Object.keys(weights.tensors));
  });
  try {
    const encoders = family.encoders(config, params);
    const preparation = files.preprocessor ? parsePreprocessorConfig(files.preprocessor) : family.preparation(config);
    const tokenizer = encoders.text && readTokenizer(files, family, encoders.text);
    const model = modelOf(encoders, { preparation, tokenizer });
    return {
      ...model,
      family,
      config,
      params,
      encoders,
      preparation,
      tokenizer,
      differences,
      dispose: () => disposeTree(params),
    };
  } catch (error) {
    disposeTree(params);
    throw error;
  }
}

/** The error of weights that do not fit, with what they look like where that is another kind of model. */
function withLooks(error: unknown, family: string, names: readonly string[]): unknown {
  const kind = weightsLookLike(names);
  if (!isVitrailError(error) || error.code !== 'shape-mismatch' || kind === undefined) return error;
  if (kind.split(' ')[0].toLowerCase() === family.split(' ')[0]) return error;
  return new VitrailError(error.code, `${error.message}. The files say ${family}, but the weights look like ${kind}`, {
    cause: error,
  });
}
