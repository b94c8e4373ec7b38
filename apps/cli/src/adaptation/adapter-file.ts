import { readFile } from 'node:fs/promises';
import type { Tensor } from '@tensorflow/tfjs-core';
import { requireLearnable } from '@vitrail/adapt';
import { decodeSafetensors, treeFromSafetensors, treeToSafetensors } from '@vitrail/checkpoints';
import { disposeTree, flattenTree, type ParameterShapes, type TensorTree, VitrailError } from '@vitrail/core';
import { type MethodSettings, methodNames } from './method.ts';

const KEY = 'vitrail.adapter';

/** What the metadata of `adapter.safetensors` says: how to run the adapter, and the model that it belongs to. */
export type AdapterOrigin = MethodSettings & {
  /** d, by modality. */
  readonly widths: Readonly<Record<string, number>>;
  /** Of that model's weights. */
  readonly modelSha256: string;
  /** What a linear probe tells apart, in the order of its outputs; of other methods what they were trained on. */
  readonly classNames: readonly string[];
};

/** The file of an adapter: its tensors by their dotted paths (`adalink.image.down`), and where they belong in the metadata `vitrail.adapter`. */
export async function encodeAdapter(own: TensorTree, origin: AdapterOrigin): Promise<Uint8Array> {
  return await treeToSafetensors(own, { [KEY]: JSON.stringify(origin) });
}

/**
 * What an adapter's file says of it.
 *
 * @throws `missing-data` for a file that cannot be read, `corrupt-data` for one that is no adapter.
 */
export async function readAdapterOrigin(path: string): Promise<{ origin: AdapterOrigin; bytes: Uint8Array }> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new VitrailError('missing-data', `--adapter: ${path} cannot be read (${(cause as Error).message})`, { cause });
  }
  const { metadata } = decodeSafetensors(bytes);
  if (!Object.hasOwn(metadata, KEY)) {
    throw new VitrailError(
      'corrupt-data',
      `--adapter: ${path} is no adapter.safetensors of vitrail adapt: it has no metadata "${KEY}"`,
    );
  }
  try {
    const origin = JSON.parse(metadata[KEY]) as AdapterOrigin;
    if (!methodNames.includes(origin.method)) throw new SyntaxError(`there is no method "${origin.method}"`);
    if (typeof origin.widths !== 'object') throw new SyntaxError('the widths are missing');
    return { origin, bytes };
  } catch (cause) {
    throw new VitrailError('corrupt-data', `--adapter: the metadata of ${path} cannot be read (${(cause as Error).message})`, {
      cause,
    });
  }
}

/**
 * The tensors of an adapter's file, the caller's, for a model in which they must have these shapes.
 *
 * @throws `shape-mismatch` for an adapter of a model of another width or depth; `invalid-argument` for a linear probe of other classes, and
 * weights that would never learn.
 */
export async function readAdapter(
  path: string,
  bytes: Uint8Array,
  {
    shapes,
    widths,
    classNames,
    origin,
  }: Pick<AdapterOrigin, 'widths' | 'classNames'> & { shapes: ParameterShapes; origin: AdapterOrigin },
): Promise<TensorTree> {
  for (const [modality, width] of Object.entries(origin.widths)) {
    if (width === widths[modality]) continue;
    throw new VitrailError(
      'shape-mismatch',
      `--adapter: ${path} belongs to a model whose ${modality} has width ${width}, but in this one it is ${widths[modality]}`,
    );
  }
  if (origin.method === 'linear-probe' && origin.classNames.join('\n') !== classNames.join('\n')) {
    throw new VitrailError(
      'invalid-argument',
      `--adapter: ${path} tells ${origin.classNames.join(', ')} apart, but the data has ${classNames.join(', ')}`,
    );
  }
  const own = treeFromSafetensors(bytes);
  try {
    requireShapes(path, flattenTree(shapes), flattenTree<Tensor>(own));
    await requireLearnable(own);
    return own;
  } catch (error) {
    disposeTree(own);
    throw error;
  }
}

function requireShapes(
  path: string,
  wanted: Readonly<Record<string, readonly number[]>>,
  came: Readonly<Record<string, Tensor>>,
) {
  const names = new Set([...Object.keys(wanted), ...Object.keys(came)]);
  const text = (shape: readonly number[] | undefined) => (shape === undefined ? 'nothing' : `[${shape.join(', ')}]`);
  for (const name of names) {
    const [shape, found] = [wanted[name], came[name]?.shape];
    if (text(shape) === text(found)) continue;
    throw new VitrailError(
      'shape-mismatch',
      `--adapter: this model has ${text(shape)} as ${name}, but ${path} has ${text(found)}`,
    );
  }
}
