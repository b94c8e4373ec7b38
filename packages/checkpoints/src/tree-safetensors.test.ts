import { tensor, zeros } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { expectClose, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import type { TensorData } from './tensor-data.ts';
import { treeFromSafetensors, treeToSafetensors } from './tree-safetensors.ts';

const f32 = (...values: number[]): TensorData => ({ dtype: 'F32', shape: [values.length], values: Float32Array.from(values) });

onBackend(['cpu', 'wasm'], () => {
  // A resumed run would not be the run that was interrupted.
  test('a tree comes back the same: paths, their order, shapes, types and every bit', async () => {
    const tree = {
      position: sampleTensor([2, 3, 4]),
      cls: tensor([0.1, -0, 1e-40, Number.NaN, Number.POSITIVE_INFINITY]),
      blocks: { 0: { kernel: sampleTensor([4, 4], 2) }, 10: { kernel: sampleTensor([4, 4], 3) }, 2: { kernel: zeros([0, 4]) } },
      count: tensor([7, -1], [2], 'int32'),
      scale: tensor(1.5),
    };
    const bytes = await treeToSafetensors(tree, { note: 'x' });
    const back = treeFromSafetensors(bytes);
    const [was, now] = [flattenTree(tree as TensorTree), flattenTree(back)];
    expect(Object.keys(now)).toEqual(Object.keys(was));
    for (const [path, leaf] of Object.entries(was)) {
      expect([now[path].shape, now[path].dtype]).toEqual([leaf.shape, leaf.dtype]);
      expect(Array.from(now[path].dataSync())).toEqual(Array.from(leaf.dataSync()));
    }
    expect(decodeSafetensors(bytes).metadata.note).toBe('x');
    disposeTree(tree, back);
  });

  // Writing into the file's buffer would change the model, and the buffer could never be freed.
  test('tensors do not share memory with the file', () => {
    const bytes = encodeSafetensors({ w: f32(1, 2) });
    const tree = treeFromSafetensors(bytes);
    bytes.fill(0, bytes.length - 8);
    expectClose((tree as { w: ReturnType<typeof zeros> }).w, [1, 2]);
    disposeTree(tree);
  });
});

test('half floats become float32; a file of another program needs no order', () => {
  const bytes = encodeSafetensors({ b: f32(3), a: { dtype: 'BF16', shape: [1], values: Float32Array.of(0.5) } });
  const tree = treeFromSafetensors(bytes);
  expect(Object.values(flattenTree(tree)).map((leaf) => leaf.dtype)).toEqual(['float32', 'float32']);
  disposeTree(tree);
});

test.each<[string, Record<string, TensorData>, Record<string, string>, string, string]>([
  ['a path that is a leaf and a way', { a: f32(1), 'a.b': f32(1) }, {}, 'corrupt-data', 'make no tree'],
  ['a way that is a leaf', { 'a.b': f32(1), a: f32(1) }, {}, 'corrupt-data', 'make no tree'],
  ['an empty name', { 'a..b': f32(1) }, {}, 'corrupt-data', 'no dotted path'],
  ['a name that reaches the prototype', { 'a.__proto__.b': f32(1) }, {}, 'corrupt-data', 'no dotted path'],
  ['an order that is no list', { a: f32(1) }, { 'vitrail.paths': '{' }, 'corrupt-data', 'JSON list of paths'],
  [
    '64-bit integers',
    { a: f32(1), z: { dtype: 'I64', shape: [1], values: BigInt64Array.of(1n) } },
    {},
    'invalid-argument',
    'I64',
  ],
])('%s is refused and leaves no tensor', (_, tensors, metadata, code, message) => {
  const bytes = encodeSafetensors(tensors, metadata);
  expect(() => treeFromSafetensors(bytes)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});

test('tensors that are neither float32 nor int32 are not saved as something else', async () => {
  const tree = { mask: tensor([true], [1], 'bool') };
  await expect(treeToSafetensors(tree)).rejects.toThrow('"mask" is bool');
  disposeTree(tree);
});
