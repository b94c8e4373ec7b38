import { add, type Rank, type Tensor3D, tensor2d, tensor3d, tidy, zeros } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { applyVit } from './apply-vit.ts';
import { hookEmbeddings, withoutAdded } from './embedding-hooks.ts';
import { initVit, type VitConfig } from './vit.ts';

const three = () => zeros<Rank.R3>([2, 3, 4]);

it('runs the hook of its place alone, and gives the very tokens back without one', () => {
  tidy(() => {
    const [tokens, other] = [three(), three()];
    const hooks = { after: () => other };
    expect(hookEmbeddings('tower', undefined, 'after', tokens)).toBe(tokens);
    expect(hookEmbeddings('tower', hooks, 'before', tokens)).toBe(tokens);
    expect(hookEmbeddings('tower', hooks, 'after', tokens)).toBe(other);
  });
});

it('refuses another shape, and more tokens where the tower would not know what they are', () => {
  tidy(() => {
    const giving = (...shape: [number, number, number]) => ({ before: () => zeros<Rank.R3>(shape) });
    const run = (shape: [number, number, number], options = {}) =>
      hookEmbeddings('tower', giving(...shape), 'before', three(), options);
    expect(() => run([2, 4, 4])).toThrow(
      'tower: onEmbeddings.before got tokens of [2, 3, 4] and gives the same shape, but [2, 4, 4] came',
    );
    expect(run([2, 4, 4], { mayAdd: true }).shape).toEqual([2, 4, 4]);
    for (const shape of [
      [2, 2, 4],
      [1, 3, 4],
      [2, 3, 5],
    ] as [number, number, number][]) {
      expect(() => run(shape, { mayAdd: true })).toThrow(`gives the same shape or more tokens, but [${shape.join(', ')}] came`);
    }
  });
});

it('takes out the tokens that were added behind the first ones', () => {
  tidy(() => {
    const tokens = tensor3d([0, 1, 2, 3, 4, 5], [1, 6, 1]);
    expect([...withoutAdded(tokens, 2, 3).dataSync()]).toEqual([0, 1, 5]);
    expect(withoutAdded(tokens, 2, 0)).toBe(tokens);
  });
});

it('in the tower of TIPS stands before masks and positions, and after positions and CLS tokens', () => {
  tidy(() => {
    const config: VitConfig = {
      imageSize: 8,
      patchSize: 4,
      width: 8,
      depth: 1,
      heads: 2,
      mlp: { kind: 'gelu', hidden: 16 },
      clsTokens: 2,
      positionGrid: 2,
      maskToken: true,
    };
    const params = initVit(config, createRng(0));
    const shift = sampleTensor<Rank.R1>([8], 3);
    const hook = (tokens: Tensor3D): Tensor3D => add(tokens, shift);
    const images = sampleTensor<Rank.R4>([1, 8, 8, 3]);
    const options = { mask: tensor2d([[0, 1, 0, 0]]) };
    const run = (own: typeof params, onEmbeddings = {}) => applyVit(config, own, images, { ...options, onEmbeddings }).patches;

    const { kernel, bias = zeros([8]) } = params.patchEmbed;
    expectClose(run(params, { before: hook }), run({ ...params, patchEmbed: { kernel, bias: add(bias, shift) } }), 1e-5);
    const placed = { ...params, position: add(params.position, shift), cls: add(params.cls, shift) };
    expectClose(run(params, { after: hook }), run(placed), 1e-5);
  });
});
