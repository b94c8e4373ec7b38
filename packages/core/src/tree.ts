import type { Tensor } from '@tensorflow/tfjs-core';
import { VitrailError } from './errors.ts';

/**
 * A plain nested object. Everything that is not a plain object is a leaf; the names on the way to a leaf, joined by dots, are its path:
 * `blocks.3.attn.qkv.kernel`. Paths are the only names there are: checkpoints, optimiser state, freezing rules and logs speak them.
 */
export type Tree<Leaf> = { readonly [name: string]: Leaf | Tree<Leaf> };

/** A tree of tensors: parameters, gradients, optimiser moments. Whoever holds the tree owns the tensors: {@link disposeTree}. */
export type TensorTree = Tree<Tensor>;

/**
 * Every leaf by its dotted path, in the order of the tree (whole-number names first and ascending, as in any JavaScript object). Objects
 * without a leaf leave no trace.
 *
 * @throws `invalid-argument` for a name that is empty or holds a dot: its path would not lead back.
 * @example flattenTree({ fc1: { kernel: ones([4, 8]), bias: zeros([8]) } }) // { 'fc1.kernel': Tensor [4, 8], 'fc1.bias': Tensor [8] }
 */
export function flattenTree<Leaf>(tree: Tree<Leaf>): Record<string, Leaf> {
  const flat: [path: string, leaf: Leaf][] = [];
  visitLeaves(tree, (leaf, path) => flat.push([path, leaf]));
  return Object.fromEntries(flat);
}

/**
 * Every leaf, in the order of {@link flattenTree}.
 *
 * @throws `invalid-argument` for a name that is empty or holds a dot.
 * @example treeLeaves({ fc1: { kernel: 1, bias: 2 } }) // [1, 2]
 */
export function treeLeaves<Leaf>(tree: Tree<Leaf>): Leaf[] {
  const leaves: Leaf[] = [];
  visitLeaves(tree, (leaf) => leaves.push(leaf));
  return leaves;
}

/**
 * The tree whose leaves have the given dotted paths; the inverse of {@link flattenTree}.
 *
 * @throws `invalid-argument` when one path is both a leaf and the way to another (`a` and `a.b`), or holds an empty name (`a..b`).
 * @example unflattenTree({ 'fc1.kernel': ones([4, 8]) }) // { fc1: { kernel: Tensor [4, 8] } }
 */
export function unflattenTree<Leaf>(flat: Readonly<Record<string, Leaf>>): Tree<Leaf> {
  type Node = { [name: string]: Leaf | Node };
  const root: Node = {};
  for (const [path, leaf] of Object.entries(flat)) {
    const names = path.split('.');
    if (names.includes('')) {
      throw new VitrailError('invalid-argument', `a path is names joined by dots, none of them empty, but "${path}" came`);
    }
    const last = names.length - 1;
    let node = root;
    for (const name of names.slice(0, last)) {
      if (!Object.hasOwn(node, name)) setOwn(node, name, {});
      const next = node[name];
      if (!isNode(next)) throw new VitrailError('invalid-argument', `"${path}" leads through another path that is a leaf`);
      node = next as Node;
    }
    if (Object.hasOwn(node, names[last]))
      throw new VitrailError('invalid-argument', `"${path}" is both a leaf and the way to another path`);
    setOwn(node, names[last], leaf);
  }
  return root;
}

/**
 * The tree of the same names whose tensors are `transform(tensor, path)`. The caller owns what comes back; the input stays as it is.
 *
 * @example mapTree({ scale: ones([4]) }, (leaf) => zerosLike(leaf)) // { scale: Tensor [4] }
 */
export function mapTree<T extends TensorTree>(tree: T, transform: (leaf: Tensor, path: string) => Tensor): T {
  // All names are looked at before the first tensor is made.
  visitLeaves(tree, () => {});
  return rebuilt<Tensor, Tensor>(tree, '', transform) as T;
}

/**
 * The tree of the same names whose tensors are `combine([leaf of the first tree, leaf of the second, ...], path)`.
 *
 * @throws `shape-mismatch` naming the paths that one tree has and another lacks.
 * @example zipTrees(([a, b]) => add(a, b), { scale: ones([4]) }, { scale: ones([4]) }) // { scale: Tensor [4] }
 */
export function zipTrees<T extends TensorTree>(
  combine: (leaves: Tensor[], path: string) => Tensor,
  first: T,
  ...rest: readonly TensorTree[]
): T {
  const paths = Object.keys(flattenTree<Tensor>(first));
  const flats = [first, ...rest].map((tree) => flattenTree<Tensor>(tree));
  for (const flat of flats) {
    const missing = paths.filter((path) => !Object.hasOwn(flat, path));
    const extra = Object.keys(flat).filter((path) => !Object.hasOwn(flats[0], path));
    if (missing.length + extra.length > 0) {
      const name = (label: string, list: string[]) => (list.length > 0 ? ` ${label}: ${list.slice(0, 5).join(', ')}.` : '');
      throw new VitrailError(
        'shape-mismatch',
        `trees to be combined have the same paths.${name('Missing', missing)}${name('Unexpected', extra)}`,
      );
    }
  }
  const combined = Object.fromEntries(
    paths.map((path) => [
      path,
      combine(
        flats.map((flat) => flat[path]),
        path,
      ),
    ]),
  );
  return unflattenTree(combined) as T;
}

/**
 * Whether a dotted path matches one of the patterns. In a pattern `*` stands for one name, or for any part of one (`norm*`), and `**` for
 * any number of names, none included: `blocks.*.norm1.scale`, `**.bias`, `image.**`.
 *
 * @throws `invalid-argument` for a pattern with an empty name (`image..bias`): nothing could match it.
 * @example selectPaths('**.bias')('blocks.3.attn.qkv.bias') // true
 */
export function selectPaths(...patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const names = pattern.split('.');
    if (names.includes('')) {
      throw new VitrailError('invalid-argument', `a pattern is names joined by dots, none of them empty, but "${pattern}" came`);
    }
    const source = names
      .map((name) => (name === '**' ? '(?:[^.]+\\.)*' : `${escapeExpression(name).replaceAll('\\*', '[^.]*')}\\.`))
      .join('');
    return new RegExp(`^${source}$`);
  });
  return (path) => expressions.some((expression) => expression.test(`${path}.`));
}

/** The leaves that `belongs` and those that do not, as two trees over the same tensors (nothing is copied). */
export function partitionTree<Leaf>(tree: Tree<Leaf>, belongs: (path: string) => boolean): [Tree<Leaf>, Tree<Leaf>] {
  const part = (wanted: boolean) => rebuilt<Leaf, Leaf>(tree, '', (leaf, path) => (belongs(path) === wanted ? leaf : ABSENT));
  return [part(true), part(false)];
}

/** The number of scalars in all tensors of the tree. */
export function countParameters(tree: TensorTree): number {
  return treeLeaves<Tensor>(tree).reduce((sum, leaf) => sum + leaf.size, 0);
}

/** Disposes every tensor of the trees. A tensor that is in several places, or was disposed before, is no error. */
export function disposeTree(...trees: readonly TensorTree[]): void {
  for (const tree of trees) {
    for (const leaf of treeLeaves<Tensor>(tree)) {
      if (!leaf.isDisposed) leaf.dispose();
    }
  }
}

function visitLeaves<Leaf>(tree: Tree<Leaf>, visit: (leaf: Leaf, path: string) => void, prefix = ''): void {
  for (const [name, value] of Object.entries(tree)) {
    requireName(name, prefix);
    if (isNode(value)) visitLeaves(value, visit, `${prefix}${name}.`);
    else visit(value, prefix + name);
  }
}

/** What the transformation of a leaf is to give where none is wanted. */
const ABSENT = Symbol('absent');

/** The tree of what `transform` gives, without the objects that have no leaf. */
function rebuilt<From, To>(
  tree: Tree<From>,
  prefix: string,
  transform: (leaf: From, path: string) => To | typeof ABSENT,
): Tree<To> {
  const node: { [name: string]: To | Tree<To> } = {};
  for (const [name, value] of Object.entries(tree)) {
    requireName(name, prefix);
    if (isNode(value)) {
      const inner = rebuilt(value, `${prefix}${name}.`, transform);
      if (Object.keys(inner).length > 0) setOwn(node, name, inner);
    } else {
      const leaf = transform(value, prefix + name);
      if (leaf !== ABSENT) setOwn(node, name, leaf);
    }
  }
  return node;
}

function requireName(name: string, prefix: string): void {
  if (name !== '' && !name.includes('.')) return;
  throw new VitrailError('invalid-argument', `a name in a tree is not empty and holds no dot, but "${prefix}${name}" came`);
}

/** Plain assignment to the name `__proto__` would change the prototype instead. */
function setOwn(node: { [name: string]: unknown }, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(node, name, { value, enumerable: true, writable: true, configurable: true });
  else node[name] = value;
}

function isNode<Leaf>(value: Leaf | Tree<Leaf>): value is Tree<Leaf> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function escapeExpression(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
