import { grad, ones, type Rank, type Tensor2D, type Tensor3D, tensor, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { attention } from './attention.ts';

/** Attention in plain loops and float64; `seen(b, query, key)` says which keys count. */
function loops(
  qkv: Tensor3D,
  heads: number,
  seen: (b: number, query: number, key: number) => boolean = () => true,
): Float64Array {
  const [batch, tokens, packed] = qkv.shape;
  const width = packed / 3;
  const size = width / heads;
  const values = qkv.dataSync();
  const at = (b: number, n: number, part: number, dimension: number) =>
    values[(b * tokens + n) * packed + part * width + dimension];
  const y = new Float64Array(batch * tokens * width);
  for (let b = 0; b < batch; b++) {
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < tokens; query++) {
        const weights = Array.from({ length: tokens }, (_, key) => {
          if (!seen(b, query, key)) return 0;
          let dot = 0;
          for (let d = head * size; d < (head + 1) * size; d++) dot += at(b, query, 0, d) * at(b, key, 1, d);
          return Math.exp(dot / Math.sqrt(size));
        });
        const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
        for (let d = head * size; d < (head + 1) * size; d++) {
          for (let key = 0; key < tokens; key++) y[(b * tokens + query) * width + d] += (weights[key] / total) * at(b, key, 2, d);
        }
      }
    }
  }
  return y;
}

const sample = (shape: [number, number, number], seed?: number) => sampleTensor<Rank.R3>(shape, seed);
/** The first sample has two padded keys, the second none but padding. */
const MASK = [
  [1, 1, 0, 1, 0],
  [0, 0, 0, 0, 0],
];
const mask = () => tensor2d(MASK);

onBackend(['cpu', 'wasm'], () => {
  it('agrees with torch', () => {
    tidy(() => {
      // F.scaled_dot_product_attention in float64 of 2 sin(0.7 i), split into q, k, v and two heads of 4
      const qkv = tensor(
        Float32Array.from({ length: 144 }, (_, i) => 2 * Math.sin(0.7 * i)),
        [2, 3, 24],
      ) as Tensor3D;
      const y = attention(qkv, { heads: 2 }).dataSync();
      expectClose(y.slice(0, 8), [-1.638759, -0.935334, 0.207993, 1.253498, 1.610219, 1.241551, 0.288962, -0.79953]);
      expectClose(y.slice(-8), [1.406324, 1.498316, 0.885625, -0.143588, -1.118364, -1.688227, -1.464091, -0.55137]);
    });
  });

  it.each([
    [[1, 1, 3], 1],
    [[2, 5, 18], 3],
    [[3, 7, 15], 1],
    // Large enough that the wasm backend takes products out of the batch.
    [[1, 67, 144], 1],
  ] as [[number, number, number], number][])('agrees with plain loops, qkv %s and %i heads', (shape, heads) => {
    tidy(() => expectClose(attention(sample(shape), { heads }), loops(sample(shape), heads)));
  });

  it('attends to no padded key, and gives zeros where there is no other', () => {
    tidy(() => {
      const qkv = sample([2, 5, 12]);
      const y = attention(qkv, { heads: 2, keyMask: mask() });
      expectClose(
        y,
        loops(qkv, 2, (b, _, key) => MASK[b][key] === 1),
      );
      expectClose(y.dataSync().slice(20), new Float32Array(20), 0);
      const [integers, booleans] = [tensor2d(MASK, [2, 5], 'int32'), tensor2d(MASK, [2, 5], 'bool')];
      expectClose(attention(qkv, { heads: 2, keyMask: integers }), y);
      expectClose(attention(qkv, { heads: 2, keyMask: booleans }), y);
    });
  });

  it('looks back only when causal, also with padding', () => {
    tidy(() => {
      const qkv = sample([2, 5, 12]);
      expectClose(
        attention(qkv, { heads: 2, causal: true }),
        loops(qkv, 2, (_, query, key) => key <= query),
      );
      const keyMask = tensor2d([
        [0, 0, 1, 1, 0],
        [1, 0, 0, 0, 1],
      ]);
      const flags = keyMask.arraySync();
      expectClose(
        attention(qkv, { heads: 2, causal: true, keyMask }),
        loops(qkv, 2, (b, query, key) => key <= query && flags[b][key] === 1),
      );
    });
  });

  it('stays finite for scores whose exponentials are not', () => {
    tidy(() => {
      const large = tensor([300, 0, 1, -300, 0, 2, 299, 0, 3], [1, 3, 3]) as Tensor3D;
      expect([...attention(large, { heads: 1 }).dataSync()].every(Number.isFinite)).toBe(true);
      const gradient = grad((x) => attention(x as Tensor3D, { heads: 1 }))(large);
      expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });

  describe('the gradient', () => {
    const options = (): Record<string, object> => ({
      plain: {},
      padded: { keyMask: mask() },
      causal: { causal: true },
      'causal and padded': { causal: true, keyMask: mask() },
      rotated: { rotary: { cos: sampleTensor([5, 2], 4), sin: sampleTensor([5, 2], 5) } },
    });
    it.each(['plain', 'padded', 'causal', 'causal and padded', 'rotated'])('is that of finite differences: %s', (name) => {
      tidy(() =>
        expectGradient((x) => attention(x as Tensor3D, { heads: 2, ...options()[name] }), [sample([2, 5, 12])], {
          coordinates: 40,
        }),
      );
    });

    it('is that of finite differences where products leave the batch', () => {
      tidy(() => expectGradient((x) => attention(x as Tensor3D, { heads: 1 }), [sample([1, 67, 144])], { coordinates: 6 }));
    });

    it('of padded keys and values is exactly 0, and of samples of padding alone altogether', () => {
      tidy(() => {
        const gradient = grad((x) => attention(x as Tensor3D, { heads: 2, keyMask: mask() }))(
          sample([2, 5, 12]),
          sample([2, 5, 4], 3),
        );
        const values = gradient.dataSync();
        for (const padded of [2, 4]) expectClose(values.slice(padded * 12 + 4, padded * 12 + 12), new Float32Array(8), 0);
        expectClose(values.slice(60), new Float32Array(60), 0);
        expect(values.slice(0, 12).some((value) => value !== 0)).toBe(true);
      });
    });

    it('outlives the mask, which may be disposed before it', () => {
      tidy(() => {
        const gradientWith = (make: () => Tensor2D, dispose: boolean) =>
          grad((x) => {
            const keyMask = make();
            const y = attention(x as Tensor3D, { heads: 2, keyMask });
            if (dispose) keyMask.dispose();
            return y;
          })(sample([2, 5, 12]));
        expectClose(gradientWith(mask, true), gradientWith(mask, false), 0);
      });
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const [qkv, keyMask] = [sample([2, 5, 12]), mask()];
      expectNoLeak(() => [attention(qkv, { heads: 2, keyMask, causal: true })]);
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    expect(() => attention(ones([2, 5, 12]), { heads: 3 })).toThrow('heads must divide D');
    expect(() => attention(ones([2, 5, 12]), { heads: 0 })).toThrow('heads must divide D');
    expect(() => attention(ones([2, 5, 13]), { heads: 1 })).toThrow('a last axis of 13 came');
    expect(() => attention(ones([5, 12]) as never, { heads: 1 })).toThrow('attention: qkv is [B, N, 3D], but [5, 12] came');
    expect(() => attention(ones([2, 5, 12]), { heads: 2, keyMask: ones([2, 4]) })).toThrow('attention: keyMask is [2, 5]');
  });
});
