import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { reshape, type Tensor2D, type Tensor3D, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { decodeSafetensors, treeFromSafetensors } from '@vitrail/checkpoints';
import { latestCheckpoint } from '@vitrail/checkpoints/node';
import { disposeTree, partitionTree, type TensorTree, VitrailError } from '@vitrail/core';
import { type DualEncoderParams, textBatch } from '@vitrail/recipes';
import { applyText, type TextConfig, type Tokenizer, tokenizerFromJSON } from '@vitrail/text';
import { applyVit, type VitConfig, type VitOptions } from '@vitrail/vit';

/** How dense features are read from the image tower. */
export type Readout = NonNullable<VitOptions['readout']>;

/** Image features: CLS tokens `[n, C, D]` and patches `[n, rows, columns, D]`. Whoever asked for them disposes both. */
export type ImageFeatures = { cls: Tensor3D; patches: Tensor4D };

/** A trained pair of towers, ready to encode. `dispose` releases its parameters. */
export type Model = {
  /** Side of the pictures it takes, in pixels. */
  imageSize: number;
  /** `n` pictures, `[n, imageSize, imageSize, 3]` in [0, 1]; one forward pass. */
  encodeImages(pixels: Float32Array, count: number, readout: Readout): ImageFeatures;
  /** `[texts, D]`. */
  encodeTexts(texts: readonly string[]): Tensor2D;
  dispose(): void;
};

/** What `model.safetensors` says of itself: enough to encode with it and nothing of how it was trained. */
export type ModelDescription = { vit: VitConfig; text: TextConfig; tokenizer: unknown };

const METADATA_KEY = 'vitrail.model';

/** The metadata to write into `model.safetensors`. */
export function modelMetadata(description: ModelDescription): Record<string, string> {
  return { [METADATA_KEY]: JSON.stringify(description) };
}

/** The model of a pair of towers that somebody else owns: `dispose` leaves them alone. */
export function modelOf(
  params: DualEncoderParams,
  { vit, text }: Omit<ModelDescription, 'tokenizer'>,
  tokenizer: Tokenizer,
): Model {
  const side = vit.imageSize;
  return {
    imageSize: side,
    encodeImages: (pixels, count, readout) =>
      tidy(() => {
        const { cls, patches, grid } = applyVit(vit, params.image, tensor4d(pixels, [count, side, side, 3]), { readout });
        return { cls, patches: reshape(patches, [count, grid.rows, grid.columns, vit.width]) };
      }),
    encodeTexts: (texts) => tidy(() => applyText(text, params.text, textBatch(tokenizer, texts)).pooled),
    dispose: () => {},
  };
}

/**
 * Loads a `MODEL` of the command line: a run directory (its last good checkpoint), a checkpoint folder or a `model.safetensors`.
 *
 * @throws `missing-data` when nothing is there, `corrupt-data` when the file is damaged or was not written by Vitrail.
 */
export async function loadModel(path: string): Promise<Model> {
  const file = await findModelFile(path);
  const bytes = await readFile(file);
  const description = describeModel(bytes, file);
  const whole = treeFromSafetensors(bytes);
  const [towers, rest] = partitionTree(whole, (name) => !name.startsWith('heads.'));
  disposeTree(rest as TensorTree);
  const model = modelOf(towers as DualEncoderParams, description, tokenizerFromJSON(description.tokenizer));
  return { ...model, dispose: () => disposeTree(towers as TensorTree) };
}

/**
 * What a model file says of itself.
 *
 * @param file its path, for messages.
 * @throws `corrupt-data` when the file is damaged or was not written by Vitrail.
 */
export function describeModel(bytes: Uint8Array, file: string): ModelDescription {
  const metadata = metadataOf(bytes, file);
  if (!(METADATA_KEY in metadata)) {
    throw new VitrailError(
      'corrupt-data',
      `${file} does not say which towers it holds (no "${METADATA_KEY}" in its metadata): this version reads models that vitrail trained, ` +
        'not Hugging Face folders or official weights',
    );
  }
  try {
    const { vit, text, tokenizer } = JSON.parse(metadata[METADATA_KEY]) as ModelDescription;
    if (typeof vit !== 'object' || typeof text !== 'object' || tokenizer === undefined)
      throw new SyntaxError('parts are missing');
    return { vit, text, tokenizer };
  } catch (cause) {
    throw new VitrailError('corrupt-data', `${file}: its "${METADATA_KEY}" cannot be read (${(cause as Error).message})`, {
      cause,
    });
  }
}

function metadataOf(bytes: Uint8Array, file: string): Record<string, string> {
  try {
    return decodeSafetensors(bytes).metadata;
  } catch (cause) {
    throw new VitrailError('corrupt-data', `${file} is no model that can be read: ${(cause as Error).message}`, { cause });
  }
}

/** The `model.safetensors` that a `MODEL` argument means. */
export async function findModelFile(path: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  if (/\.npz(,|$)/.test(path)) {
    throw new VitrailError('invalid-argument', `--model: ${path} names official weights (.npz), which a later version will read`);
  }
  if (info === undefined) throw new VitrailError('missing-data', `--model: there is no ${path}`);
  if (info.isFile()) return path;
  const direct = join(path, 'model.safetensors');
  if (await stat(direct).catch(() => undefined)) return direct;
  const latest = await latestCheckpoint(join(path, 'checkpoints'));
  if (latest === undefined) {
    throw new VitrailError(
      'missing-data',
      `--model: ${path} holds neither model.safetensors nor a complete checkpoint (is ${basename(path)} a run directory?)`,
    );
  }
  return join(latest.path, 'model.safetensors');
}
