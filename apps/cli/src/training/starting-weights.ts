import { clone, type Tensor } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree, unflattenTree, VitrailError } from '@vitrail/core';
import type { VitrailDescription } from '@vitrail/pretrained';
import { type FoundModel, openNamedModel } from '../model.ts';

/** What a run has before its first step. */
export type Start = { params: TensorTree; carried: TensorTree };

/**
 * Opens the model that `--from` names, with its heads for training. The caller disposes it.
 *
 * @throws `missing-data` when there is none, and as `openModel`.
 */
export async function openStartingWeights(name: string): Promise<FoundModel> {
  return openNamedModel(name, '--from', { withHeads: true });
}

/**
 * The start of a run with the weights of a model in the place of every parameter that the model has, too; copies of parameters that are
 * carried (an averaged teacher: `teacher.` before the parameter's path) are copies of those.
 *
 * @param fresh taken over: what is replaced is disposed, and all of it on refusal
 * @param description of the model that the run trains
 * @returns the start, the caller's, and what the model does not have: paths of parameters, or of whole trees of them
 * @throws `shape-mismatch` when a tower of the two is not the same but for the size of crops, or a parameter has another shape.
 */
export function startFrom(
  { model, path }: FoundModel,
  fresh: Start,
  description: VitrailDescription,
): { start: Start; startsFresh: string[] } {
  const weights = flattenTree<Tensor>(model.params);
  const params = flattenTree<Tensor>(fresh.params);
  const carried = flattenTree<Tensor>(fresh.carried);
  const shared = Object.keys(params).filter((name) => Object.hasOwn(weights, name));
  try {
    requireSameTowers(path, model.config, description);
    requireSameShapes(path, shared, { found: weights, wanted: params });
  } catch (error) {
    disposeTree(fresh.params, fresh.carried);
    throw error;
  }
  for (const name of shared) {
    params[name].dispose();
    params[name] = clone(weights[name]);
  }
  for (const name of Object.keys(carried)) {
    const original = name.slice(name.indexOf('.') + 1);
    if (original === name || !shared.includes(original)) continue;
    carried[name].dispose();
    carried[name] = clone(params[original]);
  }
  return {
    start: { params: treeOf(params), carried: treeOf(carried) },
    startsFresh: [...new Set(Object.keys(params).flatMap((name) => (shared.includes(name) ? [] : [rootOf(name, shared)])))],
  };
}

/** The shortest beginning of a path under which there is none of the others: `heads.cls` of `heads.cls.trunk.fc1.bias`. */
function rootOf(path: string, others: readonly string[]): string {
  const names = path.split('.');
  const roots = names.map((_, i) => names.slice(0, i + 1).join('.'));
  return roots.find((root) => !others.some((other) => other.startsWith(`${root}.`))) ?? path;
}

function treeOf(flat: Record<string, Tensor>): TensorTree {
  return unflattenTree<Tensor>(flat) as TensorTree;
}

function requireSameShapes(
  path: string,
  names: readonly string[],
  { found, wanted }: Record<'found' | 'wanted', Record<string, Tensor>>,
): void {
  const wrong = names.filter((name) => String(found[name].shape) !== String(wanted[name].shape));
  if (wrong.length === 0) return;
  const list = wrong.slice(0, 8).map((name) => `${name} [${found[name].shape}] instead of [${wanted[name].shape}]`);
  throw new VitrailError('shape-mismatch', `--from: ${path} has ${list.join(', ')}; train with the settings that it has`);
}

/** What two stages of one model may differ in: crops, masks, the longest text. */
const mayDiffer: ReadonlySet<string> = new Set(['imageSize', 'maskToken', 'maxTokens']);

/** Shapes do not tell heads, activations or kinds of towers apart: weights would be read as something else, in silence. */
function requireSameTowers(path: string, found: unknown, wanted: VitrailDescription): void {
  const [theirs, ours] = [settingsOf(found), settingsOf(wanted)];
  const parts = Object.keys(ours).filter((part) => Object.hasOwn(theirs, part));
  if (parts.length === 0) {
    throw new VitrailError(
      'shape-mismatch',
      `--from: ${path} has towers of another kind: it has ${Object.keys(theirs).join(', ')}, and this run trains ${Object.keys(ours).join(', ')}`,
    );
  }
  const differences = parts.flatMap((part) => {
    const [a, b] = [flattenTree<unknown>({ [part]: theirs[part] }), flattenTree<unknown>({ [part]: ours[part] })];
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return names
      .filter((name) => !mayDiffer.has(name.slice(name.lastIndexOf('.') + 1)) && String(a[name]) !== String(b[name]))
      .map((name) => `${name} ${a[name] ?? 'absent'} instead of ${b[name] ?? 'absent'}`);
  });
  if (differences.length === 0) return;
  throw new VitrailError(
    'shape-mismatch',
    `--from: ${path} is another model than this run trains: ${differences.join(', ')}; train with the settings that it has`,
  );
}

/** The parts of a model's configuration that describe towers: objects, but for the tokenizer's and the heads'. */
function settingsOf(config: unknown): Record<string, Record<string, unknown>> {
  const parts = Object.entries(config as Record<string, unknown>);
  const towers = parts.filter(
    ([name, part]) => typeof part === 'object' && part !== null && !['tokenizer', 'heads', 'names'].includes(name),
  );
  return Object.fromEntries(towers) as Record<string, Record<string, unknown>>;
}
