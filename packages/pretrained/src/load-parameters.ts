import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { TensorData, TensorFile } from '@vitrail/checkpoints';
import {
  disposeTree,
  flattenTree,
  type ParameterShapes,
  selectPaths,
  type TensorTree,
  unflattenTree,
  VitrailError,
} from '@vitrail/core';
import type { Naming } from './naming.ts';

/** How the tensors of a file differ from those that a model wants, by their names in the file. */
export type Differences = {
  /** Wanted and not there. */
  readonly missing: readonly string[];
  /** There and not wanted. */
  readonly unexpected: readonly string[];
  /** There in another shape. */
  readonly wronglyShaped: readonly {
    readonly name: string;
    readonly expected: readonly number[];
    readonly found: readonly number[];
  }[];
};

/** Compares names and shapes, before any weight is read. */
export function compareTensors(tensors: TensorFile['tensors'], naming: Naming, ignored: readonly string[]): Differences {
  const wanted = wantedTensors(naming);
  const isIgnored = selectPaths(...ignored);
  const present = Object.keys(wanted).filter((name) => Object.hasOwn(tensors, name));
  return {
    missing: Object.keys(wanted).filter((name) => !Object.hasOwn(tensors, name)),
    unexpected: Object.keys(tensors).filter((name) => !Object.hasOwn(wanted, name) && !isIgnored(name)),
    wronglyShaped: present
      .filter((name) => !equalShapes(tensors[name].shape, wanted[name]))
      .map((name) => ({ name, expected: wanted[name], found: tensors[name].shape })),
  };
}

/** One line for each difference, at most `limit` of a kind. */
export function describeDifferences({ missing, unexpected, wronglyShaped }: Differences, limit = 8): string {
  const list = (label: string, names: readonly string[]) => {
    const more = names.length > limit ? `, and ${names.length - limit} more` : '';
    return names.length === 0 ? [] : [`${label} (${names.length}): ${names.slice(0, limit).join(', ')}${more}`];
  };
  const shapes = wronglyShaped.map(({ name, expected, found }) => `${name} [${found}] instead of [${expected}]`);
  return [...list('missing', missing), ...list('unexpected', unexpected), ...list('wrongly shaped', shapes)].join('; ');
}

/**
 * The parameters of a model out of a file, one tensor after the other, so that little more than the model itself is in memory.
 *
 * @param model `fresh` gives the parameters that the file does not hold, or holds in another shape
 * @param options.strict whether any difference between file and model is an error; `true` by default
 * @param options.onProgress called after each parameter
 * @returns the tree, the caller's, and what was different (nothing, if strict)
 * @throws `shape-mismatch` listing all differences, if strict; `invalid-argument` for tensors that are not floating point; what `file.read`
 *   throws
 */
export async function loadParameters(
  file: TensorFile,
  model: { shapes: ParameterShapes; naming: Naming; ignored: readonly string[]; fresh: () => TensorTree },
  { strict = true, onProgress }: { strict?: boolean; onProgress?: (done: number, of: number) => void } = {},
): Promise<{ params: TensorTree; differences: Differences }> {
  const differences = compareTensors(file.tensors, model.naming, model.ignored);
  const described = describeDifferences(differences);
  if (strict && described !== '') {
    throw new VitrailError(
      'shape-mismatch',
      `the weights do not fit the model: ${described}. With strict: false the rest is loaded`,
    );
  }
  const unusable = new Set([...differences.missing, ...differences.wronglyShaped.map(({ name }) => name)]);
  const shapes = flattenTree(model.shapes);
  const made: Record<string, Tensor> = {};
  const paths = Object.keys(shapes);
  try {
    for (const path of paths) {
      const entry = model.naming[path];
      const names = Object.keys(entry.tensors);
      if (names.some((name) => unusable.has(name))) continue;
      const values: Record<string, Float32Array> = {};
      for (const name of names) values[name] = floatsOf(name, await file.read(name));
      made[path] = tensor(
        entry.load((name) => values[name]),
        [...shapes[path]],
        'float32',
      );
      onProgress?.(Object.keys(made).length, paths.length);
    }
    const params = unflattenTree(made);
    return { params: Object.keys(made).length === paths.length ? params : filledUp(paths, made, model.fresh()), differences };
  } catch (error) {
    disposeTree(unflattenTree(made));
    throw error;
  }
}

/**
 * The tensors of a file in somebody's naming: the inverse of {@link loadParameters}, to the bit.
 *
 * @param dtype `F32` unless said otherwise; `F16` and `BF16` round to the nearest
 */
export async function saveParameters(
  params: TensorTree,
  naming: Naming,
  dtype: 'F32' | 'F16' | 'BF16' = 'F32',
): Promise<Record<string, TensorData>> {
  const flat = flattenTree<Tensor>(params);
  const tensors: Record<string, TensorData> = {};
  for (const [path, entry] of Object.entries(naming)) {
    const saved = entry.save(Float32Array.from(await flat[path].data<'float32'>()));
    for (const [name, values] of Object.entries(saved)) tensors[name] = { dtype, shape: entry.tensors[name], values };
  }
  return tensors;
}

function wantedTensors(naming: Naming): Record<string, readonly number[]> {
  return Object.assign({}, ...Object.values(naming).map(({ tensors }) => tensors));
}

/** The tree in the order of `paths`; what `fresh` holds besides is disposed. */
function filledUp(paths: readonly string[], made: Readonly<Record<string, Tensor>>, fresh: TensorTree): TensorTree {
  const flat = flattenTree<Tensor>(fresh);
  for (const path of Object.keys(made)) flat[path].dispose();
  return unflattenTree(Object.fromEntries(paths.map((path) => [path, made[path] ?? flat[path]])));
}

function floatsOf(name: string, { dtype, values }: TensorData): Float32Array {
  if (values instanceof Float32Array) return values;
  if (values instanceof Float64Array) return Float32Array.from(values);
  throw new VitrailError('invalid-argument', `weights are floating-point numbers, but ${name} is ${dtype}`);
}

function equalShapes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}
