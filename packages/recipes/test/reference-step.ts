import { add, mul, type Rank, type Tensor, type Tensor4D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { partitionTree, type TensorTree, unflattenTree } from '@vitrail/core';
import { sampleTensor } from '@vitrail/testing';
import reference from '../fixtures/step.json' with { type: 'json' };
import type { TipsBatch, TipsCarried, TipsParams } from '../src/index.ts';
import { tiny } from './tiny-system.ts';

/** The step of `fixtures/make_step.py`: its configuration, inputs, and what PyTorch makes of them. Tensors are made for a tidy. */
export function referenceStep(name: 'tipsv2' | 'tips') {
  const isFirst = name === 'tips';
  const config = tiny({
    text: { vocabularySize: 257 },
    loss: { patch: isFirst ? 'ibot' : 'ibot++' },
    teacher: { policy: isFirst ? 'full' : 'heads' },
  });
  const average = values(501);
  const [own] = partitionTree(average, (path) => path.startsWith('heads.') || (isFirst && path.startsWith('image.')));
  const carried: TipsCarried = {
    teacher: own as TensorTree,
    centers: { cls: mul(0.1, sampleTensor<Rank.R1>([10], 1001)), patch: mul(0.1, sampleTensor<Rank.R1>([10], 1002)) },
  };
  const pixels = (shape: [number, number, number, number], seed: number): Tensor4D =>
    add(0.5, mul(0.5, sampleTensor<Rank.R4>(shape, seed)));
  const batch: TipsBatch = {
    global: pixels([3, 16, 16, 3], 1003),
    locals: pixels([6, 8, 8, 3], 1004),
    texts: {
      ids: tensor2d(reference.ids, undefined, 'int32'),
      padding: tensor2d(reference.lengths.map((length) => [0, 1, 2, 3].map((i) => (i < length ? 0 : 1)))),
    },
    mask: tensor2d(reference.mask),
  };
  const { terms, centers, gradients } = reference[name];
  return {
    config,
    params: values(1) as TipsParams,
    carried,
    batch,
    expected: { terms, centers, gradients: unpacked(gradients) },
  };
}

function values(firstSeed: number): TensorTree {
  const leaves = Object.entries(reference.names).map(([path, shape], p): [string, Tensor] => {
    const offset = path.endsWith('.scale') ? 1 : 0;
    return [path, tidy(() => add(mul(0.3, sampleTensor(shape as [number], firstSeed + p)), offset))];
  });
  return unflattenTree<Tensor>(Object.fromEntries(leaves));
}

function unpacked(packed: Readonly<Record<string, string>>): [path: string, values: Float32Array][] {
  return Object.entries(packed).map(([path, text]) => [
    path,
    new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer),
  ]);
}
