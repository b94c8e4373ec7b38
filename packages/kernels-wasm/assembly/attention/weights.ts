import { loadSome, storeSome } from '../math';
import { storePair } from '../simd';

/** Added to a masked score. The float32 sum is this number itself, whatever the score, and its exponential is 0. */
export const MASKED: f32 = -1e30;

/** Masks the scores `[rows, padded]`, not yet scaled, of the queries `first...` of a head. Those of the keys from `keys` on are no scores. */
export function maskScores(scores: usize, first: i32, rows: i32, keys: i32, padded: i32, keyMask: usize, causal: bool): void {
  if (keyMask == 0 && !causal && padded == keys) return;
  for (let row = 0; row < rows; row++) {
    if (keyMask != 0) {
      for (let key = 0; key < keys; key++) {
        const at = scores + ((<usize>key) << 2);
        store<f32>(at, load<f32>(at) + (<f32>1 - load<f32>(keyMask + ((<usize>key) << 2))) * MASKED);
      }
    }
    if (causal) {
      for (let key = first + row + 1; key < keys; key++) {
        const at = scores + ((<usize>key) << 2);
        store<f32>(at, load<f32>(at) + MASKED);
      }
    }
    for (let key = keys; key < padded; key++) store<f32>(scores + ((<usize>key) << 2), -Infinity);
    scores += (<usize>padded) << 2;
  }
}

/** `dScore = scale * weight * (dWeight - inner)`, a row of each; into `dWeight`. */
export function scoreGradients(weights: usize, dWeights: usize, keys: i32, inner: f32, scale: f32): void {
  const inners = f32x4.splat(inner);
  const scales = f32x4.splat(scale);
  for (; keys >= 8; keys -= 8) {
    const d0 = f32x4.mul(f32x4.mul(v128.load(weights), scales), f32x4.sub(v128.load(dWeights), inners));
    const d1 = f32x4.mul(f32x4.mul(v128.load(weights, 16), scales), f32x4.sub(v128.load(dWeights, 16), inners));
    storePair(dWeights, d0, d1);
    weights += 32;
    dWeights += 32;
  }
  for (; keys > 0; keys -= 4) {
    const d = f32x4.mul(f32x4.mul(loadSome(weights, keys, 0), scales), f32x4.sub(loadSome(dWeights, keys, 0), inners));
    storeSome(dWeights, d, keys);
    weights += 16;
    dWeights += 16;
  }
}
