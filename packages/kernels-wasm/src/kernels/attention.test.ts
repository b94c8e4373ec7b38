import {
  add,
  grad,
  mul,
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
import { describe, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

/** `[batch, tokens, heads, head size]`: weights that are kept and weights that are not, whole tiles and rests, no sample at all. */
const shapes = [
  [1, 1, 1, 1],
  [2, 7, 3, 5],
  [3, 64, 2, 16],
  [1, 97, 1, 8],
  [1, 66, 3, 32],
  [2, 203, 2, 12],
  [1, 128, 1, 48],
  [1, 129, 1, 48],
  [1, 300, 2, 8],
  [1, 30, 16, 16],
  [0, 5, 2, 4],
] as const;

describe('attention', () => {
  onThreads((expectAsOnCpu) => {
    it.each(shapes)('of %i samples, %i tokens, %i heads of %i, with its gradient', async (batch, tokens, heads, size) => {
      const masks = {
        none: () => undefined,
        // Every third key is padding; the last sample has no key at all.
        padding: () => keyMask(batch, tokens, (sample, key) => key % 3 !== 1 && (sample < batch - 1 || batch === 1)),
      };
      for (const [name, mask] of Object.entries(masks)) {
        for (const causal of [false, true]) {
          for (const rotary of size % 2 === 0 ? (['no', 'shared', 'own'] as const) : (['no'] as const)) {
            await expectAsOnCpu(`${[batch, tokens, heads, size]} ${name} ${causal} ${rotary}`, () => {
              const options = { heads, causal, keyMask: mask(), rotary: rotaryTable(rotary, batch, tokens, size) };
              return valueAndGradient(batch, tokens, 3 * heads * size, (qkv) => attention(qkv, options));
            });
          }
        }
      }
    });

    it('takes masks of any type, and carries NaN and infinities as the composition does', async () => {
      for (const dtype of ['float32', 'int32', 'bool'] as const) {
        await expectAsOnCpu(`mask of ${dtype}`, () => {
          const mask = tensor2d(
            [
              [1, 0, 1],
              [1, 1, 1],
            ],
            [2, 3],
            dtype,
          );
          return valueAndGradient(2, 3, 12, (qkv) => attention(qkv, { heads: 2, keyMask: mask }));
        });
      }
      for (const tokens of [9, 130]) {
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e20]) {
          await expectAsOnCpu(`${value} of ${tokens}`, () => {
            const shape: [number, number, number] = [2, tokens, 24];
            const spoiled = tidy(() => add(sampleTensor<Rank.R3>(shape), oneValue(shape, 61, value)) as Tensor3D);
            return [attention(spoiled, { heads: 2 })];
          });
        }
      }
    });

    it.each([9, 130])('of %i tokens whose scores are large, and the gradient of the values', async (tokens) => {
      for (const power of [0, 3, 6, 20, 40]) {
        // Whole numbers times a power of two, and a head size of 16: every score is exact, here and in the composition.
        await expectAsOnCpu(`${tokens} ${power}`, () => {
          const whole = tidy(() => round(mul(sampleTensor<Rank.R3>([1, tokens, 48]), 4)));
          const qkv = tidy(() => mul(whole, 2 ** power) as Tensor3D);
          const layer = (x: Tensor) => attention(x as Tensor3D, { heads: 1 });
          // That of queries and keys is what rounding leaves of differences.
          return [layer(qkv), slice(grad(layer)(qkv, sampleTensor([1, tokens, 16], 2)), [0, 0, 32])];
        });
      }
    });
  });
});

function valueAndGradient(batch: number, tokens: number, packed: number, f: (qkv: Tensor3D) => Tensor): Tensor[] {
  const qkv = tidy(() => mul(sampleTensor<Rank.R3>([batch, tokens, packed]), 2) as Tensor3D);
  return [f(qkv), grad((x: Tensor) => f(x as Tensor3D))(qkv, sampleTensor([batch, tokens, packed / 3], 2))];
}

function keyMask(batch: number, tokens: number, seen: (sample: number, key: number) => boolean): Tensor2D {
  const values = Float32Array.from({ length: batch * tokens }, (_, i) => Number(seen(Math.floor(i / tokens), i % tokens)));
  return tensor2d(values, [batch, tokens]);
}

function rotaryTable(kind: 'no' | 'shared' | 'own', batch: number, tokens: number, size: number): Rotary | undefined {
  if (kind === 'no') return undefined;
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
