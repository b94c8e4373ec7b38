import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree, unflattenTree, VitrailError } from '@vitrail/core';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import type { TensorData } from './tensor-data.ts';

/** Where the order of a tree's paths is kept: sums over a tree (a global norm) come out the same to the bit only in the same order. */
const orderName = 'vitrail.paths';

/**
 * The safetensors file of a tree, each tensor under its dotted path: float32 as `F32`, int32 as `I32`. The tree stays the caller's.
 *
 * The order of the paths goes into the metadata (`vitrail.paths`), so that the tree that is read back is the same in order too.
 *
 * @param metadata further texts that travel in the header.
 * @throws `invalid-argument` for tensors of another type.
 *
 * @example await treeToSafetensors({ norm: { scale: ones([8]), bias: zeros([8]) } }) // tensors norm.bias [8] and norm.scale [8]
 */
export async function treeToSafetensors(
  tree: TensorTree,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const leaves = Object.entries(flattenTree<Tensor>(tree));
  const tensors = await Promise.all(leaves.map(async ([path, leaf]) => [path, await readLeaf(path, leaf)] as const));
  const paths = JSON.stringify(leaves.map(([path]) => path));
  return encodeSafetensors(Object.fromEntries(tensors), { ...metadata, [orderName]: paths });
}

/**
 * The tree that a safetensors file holds, on the current backend: `F32`, `F16` and `BF16` as float32, `I32` as int32. Values are copied,
 * so that `bytes` may go. The caller disposes the tree.
 *
 * @throws `corrupt-data` for a damaged file or names that make no tree (`a` beside `a.b`); `invalid-argument` for element types that tfjs
 * has no tensor for: read those with {@link decodeSafetensors}.
 *
 * @example treeFromSafetensors(bytes).norm // { scale: Tensor [8], bias: Tensor [8] }
 */
export function treeFromSafetensors(bytes: Uint8Array): TensorTree {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const paths = orderedPaths(Object.keys(tensors), metadata[orderName]);
  for (const path of paths) requireTensorType(path, tensors[path].dtype);
  requireTree(paths); // Before any tensor is made, so that names that make no tree leave none behind.
  const made: Record<string, Tensor> = {};
  try {
    for (const path of paths) made[path] = makeTensor(tensors[path]);
  } catch (error) {
    disposeTree(unflattenTree(made));
    throw error;
  }
  return unflattenTree(made);
}

async function readLeaf(path: string, leaf: Tensor): Promise<TensorData> {
  const { shape } = leaf;
  if (leaf.dtype === 'float32') return { dtype: 'F32', shape, values: await leaf.data<'float32'>() };
  if (leaf.dtype === 'int32') return { dtype: 'I32', shape, values: await leaf.data<'int32'>() };
  throw new VitrailError('invalid-argument', `tensors to be saved are float32 or int32, but "${path}" is ${leaf.dtype}`);
}

/** Paths in the order that the file remembers; those it does not mention (tensors that another program added) come last. */
function orderedPaths(paths: readonly string[], order: string | undefined): readonly string[] {
  if (order === undefined) return paths;
  const present = new Set(paths);
  const known = parsePaths(order).filter((path) => present.has(path));
  return [...new Set([...known, ...paths])];
}

function parsePaths(order: string): readonly string[] {
  try {
    const paths: unknown = JSON.parse(order);
    if (Array.isArray(paths) && paths.every((path) => typeof path === 'string')) return paths;
  } catch {
    // Told below, with every other thing that is not a list of texts.
  }
  throw new VitrailError(
    'corrupt-data',
    `the metadata "${orderName}" is a JSON list of paths, but ${order.slice(0, 40)} stands there`,
  );
}

function requireTensorType(path: string, dtype: TensorData['dtype']): void {
  if (['F32', 'F16', 'BF16', 'I32'].includes(dtype)) return;
  throw new VitrailError(
    'invalid-argument',
    `"${path}" is ${dtype}, for which tfjs has no tensor; read such files with decodeSafetensors`,
  );
}

function requireTree(paths: readonly string[]): void {
  const wrong = paths.find((path) => path.split('.').some((name) => name === '' || name === '__proto__'));
  if (wrong !== undefined) throw new VitrailError('corrupt-data', `"${wrong}" is no dotted path of a tree`);
  try {
    unflattenTree(Object.fromEntries(paths.map((path) => [path, path])));
  } catch (cause) {
    throw new VitrailError('corrupt-data', `the names of the file make no tree: ${(cause as Error).message}`, { cause });
  }
}

function makeTensor({ dtype, shape, values }: TensorData): Tensor {
  return tensor(values.slice() as Float32Array | Int32Array, [...shape], dtype === 'I32' ? 'int32' : 'float32');
}
