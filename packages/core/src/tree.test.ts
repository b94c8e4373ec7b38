import { add, memory, ones, scalar, type Tensor, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import {
  countParameters,
  disposeTree,
  flattenTree,
  mapTree,
  partitionTree,
  selectPaths,
  type Tree,
  treeLeaves,
  unflattenTree,
  zipTrees,
} from './tree.ts';

const roundTrip = <Leaf>(tree: Tree<Leaf>) => unflattenTree(flattenTree(tree));

describe('flattenTree and unflattenTree', () => {
  it('name leaves by dotted paths, in the order of the tree, and back', () => {
    const tree = { image: { norm: { scale: 1, bias: 2 }, cls: 3 }, logitScale: 4 };
    const flat = { 'image.norm.scale': 1, 'image.norm.bias': 2, 'image.cls': 3, logitScale: 4 };
    expect(flattenTree<number>(tree)).toEqual(flat);
    expect(Object.keys(flattenTree<number>(tree))).toEqual(Object.keys(flat));
    expect(roundTrip<number>(tree)).toEqual(tree);
    expect(JSON.stringify(roundTrip<number>(tree))).toBe(JSON.stringify(tree));
  });

  it('put whole-number names in their order, past 9', () => {
    const blocks = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [11 - i, { kernel: 11 - i }]));
    const flat = flattenTree<number>({ blocks });
    expect(Object.keys(flat)[2]).toBe('blocks.2.kernel');
    expect(Object.keys(flat)[11]).toBe('blocks.11.kernel');
    expect(roundTrip<number>({ blocks })).toEqual({ blocks });
  });

  it('keep names that JavaScript knows itself, and touch no prototype', () => {
    const tree = JSON.parse(
      '{"__proto__":{"polluted":1,"x":{"__proto__":2}},"constructor":3,"a":{"constructor":{"prototype":4},"toString":5,"hasOwnProperty":6}}',
    ) as Tree<number>;
    const flat = flattenTree(tree);
    expect(Object.entries(flat)).toEqual([
      ['__proto__.polluted', 1],
      ['__proto__.x.__proto__', 2],
      ['constructor', 3],
      ['a.constructor.prototype', 4],
      ['a.toString', 5],
      ['a.hasOwnProperty', 6],
    ]);
    const back = unflattenTree(flat);
    expect(JSON.stringify(back)).toBe(JSON.stringify(tree));
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(JSON.stringify(roundTrip(JSON.parse('{"__proto__":1}')))).toBe('{"__proto__":1}');
    expect('polluted' in {}).toBe(false);
  });

  it('take names of any other letters', () => {
    const tree = { ' ': { 'a/b:c*': 1, é: 2, '\n': 3 }, '-1': 4, '01': 5 };
    expect(roundTrip<number>(tree)).toEqual(tree);
  });

  it('see a leaf in everything that is not a plain object', () => {
    tidy(() => {
      const leaves = { tensor: scalar(1), list: [1, 2], text: 'a', nothing: null, none: undefined, bytes: new Uint8Array(2) };
      const flat = flattenTree<unknown>({ a: leaves });
      expect(Object.keys(flat)).toEqual(Object.keys(leaves).map((name) => `a.${name}`));
      expect(flat['a.tensor']).toBe(leaves.tensor);
      expect(flattenTree<number>(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
    });
  });

  it('drop objects without leaves', () => {
    expect(flattenTree<number>({ a: {}, b: { c: {} } })).toEqual({});
    expect(unflattenTree({})).toEqual({});
  });

  it('refuse names that would not lead back', () => {
    expect(() => flattenTree<number>({ a: { 'b.c': 1 } })).toThrow('is not empty and holds no dot, but "a.b.c" came');
    expect(() => flattenTree<number>({ a: { '': 1 } })).toThrow('is not empty and holds no dot, but "a." came');
    expect(() => flattenTree<number>({ 'a.b': {} })).toThrow('"a.b"');
    for (const path of ['', 'a.', '.a', 'a..b']) {
      expect(() => unflattenTree({ [path]: 1 })).toThrow(`none of them empty, but "${path}" came`);
    }
  });

  it('refuse a path that is both a leaf and the way to another, in either order', () => {
    expect(() => unflattenTree({ a: 1, 'a.b': 2 })).toThrow('"a.b" leads through another path that is a leaf');
    expect(() => unflattenTree({ 'a.b': 2, a: 1 })).toThrow('"a" is both a leaf and the way to another path');
  });
});

it('treeLeaves are the leaves of flattenTree, in its order', () => {
  expect(treeLeaves<number>({ b: { y: 1, x: 2 }, none: {}, a: 3 })).toEqual([1, 2, 3]);
  expect(() => treeLeaves<number>({ a: { '': 1 } })).toThrow('is not empty and holds no dot, but "a." came');
});

describe('mapTree and zipTrees', () => {
  it('mapTree drops objects without leaves, and looks at all names before it makes a tensor', () => {
    tidy(() => {
      expect(Object.keys(mapTree({ a: {}, b: { c: {}, d: scalar(1) } }, (leaf) => leaf))).toEqual(['b']);
      const made: string[] = [];
      const transform = (leaf: Tensor, path: string) => {
        made.push(path);
        return leaf;
      };
      expect(() => mapTree({ a: scalar(1), 'b.c': scalar(2) }, transform)).toThrow('but "b.c" came');
      expect(made).toEqual([]);
      expect(() => partitionTree({ 'b.c': 1 }, () => true)).toThrow('but "b.c" came');
    });
  });

  it('give new tensors under the same names, and leave the inputs', () => {
    const tree = { a: { x: tensor1d([1, 2]) }, b: tensor1d([3]) };
    const paths: string[] = [];
    const doubled = mapTree(tree, (leaf, path) => {
      paths.push(path);
      return add(leaf, leaf);
    });
    const sum = zipTrees(([p, q, r]) => tidy(() => add(add(p, q), r)), tree, doubled, tree);
    expect(paths).toEqual(['a.x', 'b']);
    expectClose(doubled.a.x, [2, 4]);
    expectClose(sum.a.x, [4, 8]);
    expectClose(sum.b, [12]);
    expectClose(tree.b, [3]);
    disposeTree(tree, doubled, sum);
  });

  it('pair leaves by name, whatever the order, and keep the order of the first tree', () => {
    tidy(() => {
      const sum = zipTrees(([p, q]) => add(p, q), { x: scalar(1), y: scalar(2) }, { y: scalar(20), x: scalar(10) });
      expect(Object.keys(sum)).toEqual(['x', 'y']);
      expectClose(sum.x, [11]);
      expectClose(sum.y, [22]);
    });
  });

  it('say which names are missing and which are too many', () => {
    tidy(() => {
      const first = ([leaf]: Tensor[]) => leaf;
      const tree = { a: { x: scalar(1) }, b: scalar(2) };
      expect(() => zipTrees(first, tree, { a: { x: scalar(1) }, c: scalar(3) })).toThrow(
        'trees to be combined have the same paths. Missing: b. Unexpected: c.',
      );
      // Names that every object answers to are missing too.
      expect(() => zipTrees(first, { constructor: scalar(1) }, {})).toThrow('Missing: constructor.');
      expect(() => zipTrees(first, {}, { toString: scalar(1) })).toThrow('Unexpected: toString.');
    });
  });
});

describe('selectPaths', () => {
  it.each<[pattern: string, matching: string[], other: string[]]>([
    ['logitScale', ['logitScale'], ['image.logitScale', 'logitScale.x', 'logitScales', 'xlogitScale']],
    ['blocks.*.norm1.scale', ['blocks.0.norm1.scale', 'blocks.11.norm1.scale'], ['blocks.norm1.scale', 'blocks.0.1.norm1.scale']],
    ['**.bias', ['bias', 'norm.bias', 'image.blocks.0.attn.qkv.bias'], ['bias.x', 'image.mybias', 'image.bias2']],
    ['image.**', ['image', 'image.cls', 'image.blocks.0.norm1.scale'], ['images.cls', 'text.image.cls']],
    ['**.attn.**', ['attn', 'image.attn.qkv', 'attn.x.y'], ['image.attn2.qkv', 'attention.qkv']],
    ['**', ['a', 'a.b.c'], []],
    ['*', ['a'], ['a.b']],
    ['norm*.scale', ['norm.scale', 'norm1.scale', 'normPost.scale'], ['norm.1.scale', 'prenorm.scale']],
    ['a+b.(c)', ['a+b.(c)'], ['aab.c']],
    ['a?b', ['a?b'], ['ab', 'b']],
  ])('%s', (pattern, matching, other) => {
    const matches = selectPaths(pattern);
    expect(matching.filter((path) => !matches(path))).toEqual([]);
    expect(other.filter(matches)).toEqual([]);
  });

  it('matches what any of several patterns match, and nothing without a pattern', () => {
    expect(['a', 'b', 'c'].filter(selectPaths('a', 'c'))).toEqual(['a', 'c']);
    expect(['a', 'b', 'c'].filter(selectPaths())).toEqual([]);
  });

  it.each(['', 'image..bias', '.bias', 'image.'])('refuses "%s", which nothing could match', (pattern) => {
    expect(() => selectPaths(pattern)).toThrow(`none of them empty, but "${pattern}" came`);
  });
});

it('partitionTree splits a tree in two over the same leaves', () => {
  const tree = { a: { x: 1, y: 2 }, b: { x: 3 }, c: 4 };
  expect(partitionTree<number>(tree, selectPaths('**.x'))).toEqual([
    { a: { x: 1 }, b: { x: 3 } },
    { a: { y: 2 }, c: 4 },
  ]);
  expect(partitionTree<number>(tree, () => true)).toEqual([tree, {}]);
});

it('countParameters counts scalars', () => {
  tidy(() => {
    expect(countParameters({ kernel: zeros([8, 3]), a: { bias: zeros([3]), scale: scalar(1), none: zeros([0, 5]) } })).toBe(28);
    expect(countParameters({})).toBe(0);
  });
});

it('disposeTree frees every tensor once, whoever else was there before', () => {
  const before = memory().numTensors;
  const shared = ones([2]);
  const gone = ones([2]);
  gone.dispose();
  disposeTree({ a: shared, b: { c: shared, d: gone } }, { e: shared, f: ones([1]) });
  expect(memory().numTensors).toBe(before);
  expect(shared.isDisposed).toBe(true);
});
