import {
  add,
  engine,
  mul,
  ones,
  onesLike,
  range,
  sin,
  slice,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tidy,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { flattenTree, mapTree, type TensorTree, unflattenTree } from '@vitrail/core';
import { expectClose, expectGradient, expectNoLeak, onBackend } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { tipsTextReference } from '../test/tips-text-reference.ts';
import { applyText } from './apply-text.ts';
import type { TextParams } from './text.ts';

/** Paths and tensors of the parameters, and the way back. */
function flatten(params: TextParams) {
  const flat = flattenTree<Tensor>(params as unknown as TensorTree);
  const paths = Object.keys(flat);
  const rebuild = (leaves: readonly Tensor[]) =>
    unflattenTree(Object.fromEntries(paths.map((path, i) => [path, leaves[i]]))) as unknown as TextParams;
  return { leaves: Object.values(flat), rebuild };
}

onBackend(['cpu', 'wasm'], () => {
  it('gives what transformers gives, for texts that fill the row and texts that end early', () => {
    tidy(() => {
      const { config, params, ids, padding, lengths, ...expected } = tipsTextReference();
      const { tokens, pooled } = applyText(config, params, { ids, padding });
      expect(tokens.shape).toEqual([4, 7, 12]);
      expectClose(pooled, expected.pooled, 2e-5);
      lengths.forEach((length, row) => {
        expectClose(slice(tokens, [row, 0, 0], [1, length, 12]), expected.tokens[row], 2e-5);
      });
    });
  });

  it('lets a function change what goes into each block, the residual among it', () => {
    tidy(() => {
      const { config, params, ids, padding } = tipsTextReference();
      const seen: number[] = [];
      const doubledAt = (place: number) => {
        const onBlockInput = (x: Tensor3D, block: number): Tensor3D => {
          seen.push(block);
          return mul(x, block === place ? 2 : 1);
        };
        return applyText(config, params, { ids, padding }, { onBlockInput });
      };
      const { pooled } = applyText(config, params, { ids, padding }, { onEmbeddings: { after: (x) => mul(x, 2) } });
      expectClose(doubledAt(0).pooled, pooled.dataSync(), 1e-6);
      expect(seen).toEqual(Array.from({ length: config.depth }, (_, block) => block));
      expectClose(doubledAt(config.depth).pooled, applyText(config, params, { ids, padding }).pooled.dataSync(), 1e-6);
    });
  });

  it('pools the same whatever ids stand at padding, and however much padding there is', () => {
    tidy(() => {
      const { config, params } = tipsTextReference();
      const pool = (row: number[]) => {
        const padding = tensor2d([row.map((_, i) => (i < 3 ? 0 : 1))]);
        return applyText(config, params, { ids: tensor2d([row], undefined, 'int32'), padding }).pooled;
      };
      const alone = pool([4, 11, 8]).dataSync();
      expectClose(pool([4, 11, 8, 0, 0, 0, 0]), alone, 1e-6);
      expectClose(pool([4, 11, 8, 5, 6, 19, 7]), alone, 1e-6);
      expectClose(pool([4, 11, 8, 7, 19, 5, 6]), alone, 1e-6);
    });
  });

  it('gives zeros for a text of padding alone, and no gradient that is not finite', () => {
    tidy(() => {
      const { config, params } = tipsTextReference();
      const [ids, padding] = [zeros([2, 4], 'int32') as Tensor2D, tensor2d([Array(4).fill(1), [0, 0, 1, 1]])];
      const { leaves, rebuild } = flatten(params);
      expectClose(slice(applyText(config, params, { ids, padding }).pooled, [0, 0], [1, 12]), Array(12).fill(0));
      const gradientsOf = (rows: number) =>
        engine().gradients(() => {
          const inputs = { ids: slice(ids, [0, 0], [rows, 4]), padding: slice(padding, [0, 0], [rows, 4]) };
          return sum(applyText(config, rebuild(leaves), inputs).pooled);
        }, leaves).grads;
      for (const gradient of gradientsOf(2)) expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
      for (const gradient of gradientsOf(1)) expect(gradient.dataSync().every((value) => value === 0)).toBe(true);
    });
  });

  it('has the gradient that central differences have, for every parameter', () => {
    tidy(() => {
      const { config, params, ids, padding } = tipsTextReference();
      const { leaves, rebuild } = flatten(params);
      const pooled = (...inputs: Tensor[]) => applyText(config, rebuild(inputs), { ids, padding }).pooled;
      expectGradient(pooled, leaves, { coordinates: 3, h: 4e-3, tolerance: 6e-3 });
    });
  });

  it('leaves nothing behind but what it gives', () => {
    tidy(() => {
      const { config, params, ids, padding } = tipsTextReference();
      expectNoLeak(() => Object.values(applyText(config, params, { ids, padding })));
    });
  });
});

it('pays no attention to further properties of the configuration', () => {
  tidy(() => {
    const { config, params, ids, padding, pooled } = tipsTextReference();
    const more = { ...config, mlp: { kind: 'gelu', hidden: 3 }, causal: true };
    expectClose(applyText(more, params, { ids, padding }).pooled, pooled, 2e-5);
  });
});

it('adds epsilon to the variances of layer norms', () => {
  tidy(() => {
    const { config, params } = tipsTextReference();
    // Blocks that add nothing; and the first position is (0, ..., 0, 1, ..., 1): mean 1/2 and variance 1/4 where the embedding is zero.
    const still = mapTree(params as unknown as TensorTree, (leaf, path) =>
      path === 'norm.scale' ? onesLike(leaf) : zerosLike(leaf),
    ) as unknown as TextParams;
    const alone = { ids: zeros([1, 1], 'int32') as Tensor2D, padding: zeros([1, 1]) as Tensor2D };
    const { pooled } = applyText({ ...config, epsilon: 0.75 }, still, alone);
    const half = config.width / 2;
    expectClose(pooled, [...Array(half).fill(-0.5), ...Array(half).fill(0.5)], 1e-6);
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const { config, params, ids, padding } = tipsTextReference();
    const apply =
      (inputs: object, change = {}) =>
      () =>
        applyText({ ...config, ...change }, params, { ids, padding, ...inputs });
    expect(apply({}, { maxTokens: 6 })).toThrow('texts of at most 6 tokens, but ids of [4, 7] came');
    expect(apply({ padding: zeros([4, 6]) })).toThrow('padding has the shape of ids, [4, 7], but [4, 6] came');
    expect(apply({ padding: zeros([4]) })).toThrow('padding has the shape of ids, [4, 7], but [4] came');
    expect(apply({ ids: zeros([7], 'int32') })).toThrow('ids are [B, L], but [7] came');
    expect(apply({ ids: ones([4, 7]) })).toThrow('indices are int32, but float32 came');
    expect(apply({ ids: tensor2d([[20]], [1, 1], 'int32') })).toThrow('indices lie in [0, 20), but 20 came');
    expect(apply({}, { depth: 3 })).toThrow('the configuration has 3 blocks, but the parameters have no block 2');
  });
});

it('has hooks on rows of the table, and on what goes into the first block', () => {
  tidy(() => {
    const { config, params, ids, padding, pooled } = tipsTextReference();
    const shift = sin(range(0, 12));
    const run = (own: TextParams, onEmbeddings = {}) => applyText(config, own, { ids, padding }, { onEmbeddings }).pooled;
    const table = run({ ...params, tokenEmbedding: add(params.tokenEmbedding, shift) });
    expect(() => expectClose(table, pooled, 1e-3)).toThrow();
    expectClose(run(params, { before: (tokens: Tensor3D) => add(tokens, shift) }), table, 1e-5);
    expectClose(run(params, { after: (tokens: Tensor3D) => add(tokens, mul(shift, Math.sqrt(12))) }), table, 1e-5);
  });
});
