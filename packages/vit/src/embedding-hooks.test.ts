import { type Rank, tensor3d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { hookEmbeddings, withoutAdded } from './embedding-hooks.ts';

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
