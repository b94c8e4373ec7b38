import { type Rank, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { createRng, mapTree, type TensorTree } from '@vitrail/core';
import { sampleTensor } from '@vitrail/testing';
import { initText, type TextConfig } from '@vitrail/text';
import { initVit, type VitConfig } from '@vitrail/vit';

/** An image tower of TIPS, 16 pixels in patches of 4. */
export const vit: VitConfig = {
  imageSize: 16,
  patchSize: 4,
  width: 12,
  depth: 2,
  heads: 2,
  mlp: { kind: 'swiglu', hidden: 20 },
  clsTokens: 2,
  positionGrid: 4,
  maskToken: true,
};

/** A text tower of TIPS. */
export const text: TextConfig = { width: 8, depth: 2, heads: 2, mlpHidden: 16, maxTokens: 6, vocabularySize: 20 };

/** Parameters of both and inputs for them, the caller's. Everything that starts at zero or one is moved away from it. */
export function smallTowers() {
  const params = { image: initVit(vit, createRng(0)), text: initText(text, createRng(1)) };
  return {
    params,
    images: sampleTensor<Rank.R4>([2, 16, 16, 3]),
    mask: tensor2d(
      Array.from({ length: 32 }, (_, i) => Number(i % 3 === 0)),
      [2, 16],
    ),
    texts: {
      ids: tensor2d([3, 4, 5, 6, 7, 0, 8, 9, 0, 0, 0, 0], [2, 6], 'int32'),
      padding: tensor2d([0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1], [2, 6]),
    },
  };
}

/** The same tree with other numbers everywhere, the caller's. */
export function moved<T extends TensorTree>(tree: T, seed = 5): T {
  let next = seed;
  return mapTree(tree, ({ shape }: Tensor) => sampleTensor(shape as [number, number], next++));
}
