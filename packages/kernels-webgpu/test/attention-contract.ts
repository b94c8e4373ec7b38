import {
  add,
  concat,
  grad,
  mul,
  ones,
  type Rank,
  round,
  slice,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import { attention, type Rotary } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import type { Precision } from '../src/index.ts';
import type { ExpectAsOnCpu } from './on-webgpu.ts';

type Kind = { mask?: 'float32' | 'int32' | 'bool'; causal?: boolean; rotary?: 'shared' | 'own' };

/**
 * `[batch, tokens, heads, head size]`: heads of whole vectors and not, of whole pieces and not, of one and of several; blocks of tokens
 * full and not. Drivers in software take seconds to compile attention, anew for each head size, with and without mask and rotary: so each
 * head size has one kind of them, and those that many shapes share are small.
 */
const shapes: readonly [number, number, number, number, Kind][] = [
  [1, 1, 1, 16, {}],
  [2, 64, 3, 16, {}],
  [1, 97, 6, 16, { causal: true }],
  [1, 300, 1, 16, { causal: true }],
  [1, 1025, 1, 16, {}],
  [0, 5, 2, 16, {}],
  [2, 0, 2, 16, {}],
  [1, 1, 2, 6, { mask: 'float32', rotary: 'own' }],
  [2, 7, 3, 6, { mask: 'float32', rotary: 'own' }],
  [3, 65, 5, 6, { mask: 'float32', causal: true, rotary: 'shared' }],
];

/** In float16 alone. */
const halfHeads: readonly [number, number, number, number, Kind][] = [[1, 70, 2, 64, { causal: true }]];

/** In float32 alone: lavapipe, which has halves, takes ten seconds for each of their shaders. */
const longerHeads: readonly [number, number, number, number, Kind][] = [
  [2, 35, 2, 32, {}],
  [1, 33, 4, 72, { mask: 'int32', rotary: 'shared' }],
  [2, 67, 1, 72, { mask: 'bool', causal: true, rotary: 'own' }],
  [1, 34, 2, 127, { causal: true }],
  [1, 70, 2, 128, {}],
  [2, 31, 1, 128, { causal: true }],
];

/** What attention and its gradient do on a device, whichever shaders compute them. To be called where tests are declared. */
export function attentionContract(expectAsOnCpu: ExpectAsOnCpu, precision: Precision): void {
  it.each([...shapes, ...(precision === 'f32' ? longerHeads : halfHeads)])(
    'of %i samples, %i tokens, %i heads of %i with %j, and its gradient',
    async (batch, tokens, heads, size, kind) => {
      const { mask, causal, rotary } = kind;
      await expectAsOnCpu(`${[batch, tokens, heads, size]} ${JSON.stringify(kind)}`, () => {
        // Every third key is padding; the last sample has no key at all.
        const isSeen = (sample: number, key: number) => key % 3 !== 1 && (sample < batch - 1 || batch === 1);
        const options = {
          heads,
          causal,
          keyMask: mask && keyMask(batch, tokens, mask, isSeen),
          rotary: rotary && rotaryTable(rotary, batch, tokens, size),
        };
        return valueAndGradient(batch, tokens, 3 * heads * size, (qkv) => attention(qkv, options));
      });
    },
  );

  it.each([9, 66])('of %i tokens whose scores are large, and the gradient of the values', async (tokens) => {
    for (const power of [0, 3, 6]) {
      // Whole numbers times a power of two, and a head size of 16: every score is exact, here and in the composition.
      await expectAsOnCpu(`${tokens} ${power}`, () => {
        const qkv = mul(round(mul(sampleTensor<Rank.R3>([1, tokens, 48]), 4)), 2 ** power) as Tensor3D;
        const layer = (x: Tensor) => attention(x as Tensor3D, { heads: 1 });
        // That of queries and keys is what rounding leaves of differences.
        return [layer(qkv), slice(grad(layer)(qkv, sampleTensor([1, tokens, 16], 2)), [0, 0, 32])];
      });
    }
  });

  it('carries NaN and infinities to those that see them', async () => {
    // The query of token 2 in head 0; the keys of token 2 in head 1; the values of token 2 in head 0.
    for (const column of [5, 50, 66]) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        await expectAsOnCpu(`${value} in column ${column}`, () => {
          const spoiled = add(sampleTensor<Rank.R3>([2, 70, 96]), oneValue([2, 70, 96], 2 * 96 + column, value)) as Tensor3D;
          return [attention(spoiled, { heads: 2 })];
        });
      }
    }
  });

  it('carries a NaN that is all of a query through a mask', async () => {
    await expectAsOnCpu('a query of NaN', () => {
      const qkv = concat([mul(ones([1, 2, 6]), Number.NaN), sampleTensor<Rank.R3>([1, 2, 12])], 2) as Tensor3D;
      return [attention(qkv, { heads: 1, keyMask: ones([1, 2]), rotary: rotaryTable('own', 1, 2, 6) })];
    });
  });

  it('sees nothing of later blocks of keys, whatever they hold', async () => {
    const [first, all] = tidy(() => {
      const qkv = sampleTensor<Rank.R3>([1, 64, 96]);
      const spoiled = concat([qkv, mul(ones([1, 64, 96]), Number.NaN)], 1) as Tensor3D;
      const options = { heads: 2, causal: true };
      return [attention(qkv, options), slice(attention(spoiled, options), 0, [1, 64, 32])];
    });
    expect(await all.data()).toEqual(await first.data());
    first.dispose();
    all.dispose();
  });

  it.runIf(precision === 'f32')('leaves longer heads to the composition, and their gradient', async () => {
    await expectAsOnCpu('heads of 129', () => {
      const keyMask = tensor2d([1, 1, 0, 1, 1], [1, 5]);
      return valueAndGradient(1, 5, 6 * 129, (qkv) => attention(qkv, { heads: 2, keyMask, causal: true }));
    });
  });
}

function valueAndGradient(batch: number, tokens: number, packed: number, f: (qkv: Tensor3D) => Tensor): Tensor[] {
  const qkv = mul(sampleTensor<Rank.R3>([batch, tokens, packed]), 2) as Tensor3D;
  return [f(qkv), grad((x: Tensor) => f(x as Tensor3D))(qkv, sampleTensor([batch, tokens, packed / 3], 2))];
}

function keyMask(
  batch: number,
  tokens: number,
  dtype: 'float32' | 'int32' | 'bool',
  isSeen: (sample: number, key: number) => boolean,
): Tensor2D {
  const values = Array.from({ length: batch * tokens }, (_, i) => Number(isSeen(Math.floor(i / tokens), i % tokens)));
  return tensor2d(values, [batch, tokens], dtype);
}

function rotaryTable(kind: 'shared' | 'own', batch: number, tokens: number, size: number): Rotary {
  const table = (seed: number) =>
    kind === 'shared' ? sampleTensor<Rank.R2>([tokens, size], seed) : sampleTensor<Rank.R3>([batch, tokens, size], seed);
  return { cos: table(3), sin: table(4) };
}

/** Zeros but for one value. */
function oneValue(shape: [number, number, number], index: number, value: number): Tensor {
  const values = new Float32Array(shape[0] * shape[1] * shape[2]);
  values[index] = value;
  return tensor3d(values, shape);
}
