import { grads, mean, type Scalar, square, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { createRng, disposeTree, flattenTree, type TensorTree, unflattenTree } from '@vitrail/core';
import { adamw, clippingScale, globalNorm } from '@vitrail/optim';
import { sampleTensor } from '@vitrail/testing';
import { applyBlock, type BlockParams, initBlock } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { countLaunches } from './count-launches.ts';
import { onWebGpu } from './on-webgpu.ts';

const config = { width: 48, heads: 3, mlp: { kind: 'gelu', hidden: 192 } } as const;

/** The launches of a training step of `depth` transformer blocks: forward, backward, clipping and AdamW. */
function launchesOfStep(depth: number): number {
  const blocks: TensorTree = Object.fromEntries(
    Array.from({ length: depth }, (_, i) => [i, initBlock(config, createRng(0).fork(`${i}`))]),
  );
  const x = sampleTensor([2, 9, config.width]) as Tensor3D;
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.05 });
  const flat = flattenTree<Tensor>(blocks);
  const loss = (...leaves: Tensor[]): Scalar => {
    const tree = unflattenTree<Tensor>(Object.fromEntries(Object.keys(flat).map((path, i) => [path, leaves[i]])));
    const blocks = Object.values(tree) as unknown as BlockParams[];
    return mean(square(blocks.reduce((y, block) => applyBlock(config, block, y), x)));
  };
  const step = (params: TensorTree, state: TensorTree, at: number) => {
    const gradients = unflattenTree<Tensor>(
      Object.fromEntries(
        tidy(() => grads(loss)(Object.values(flattenTree<Tensor>(params)))).map((gradient, i) => [
          Object.keys(flat)[i],
          gradient,
        ]),
      ),
    );
    const norm = globalNorm(gradients);
    const scale = clippingScale(norm, 1);
    const updated = optimizer.update(gradients, state, params, at, scale);
    disposeTree(params, state, gradients, { norm, scale });
    return updated;
  };
  // After the first step the parameters lie together, as they do in the rest of a run.
  const first = step(blocks, optimizer.init(blocks), 0);
  let second = first;
  const count = countLaunches(() => {
    second = step(first.params, first.state, 1);
  });
  disposeTree(second.params, second.state, { x });
  return count;
}

describe('a training step', () => {
  onWebGpu(() => {
    it('takes 23 launches per transformer layer: forward, backward and update', () => {
      const [two, three] = [2, 3].map(launchesOfStep);
      expect(three - two).toBe(23);
    });
  });
});
