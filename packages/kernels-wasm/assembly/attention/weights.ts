/** Added to a masked score. The float32 sum is this number itself, whatever the score, and its exponential is 0. */
export const MASKED: f32 = -1e30;

/** Scales and masks the scores `[rows, keys]` of the queries `first...` of a head. */
export function maskScores(scores: usize, first: i32, rows: i32, keys: i32, scale: f32, keyMask: usize, causal: bool): void {
  const scales = f32x4.splat(scale);
  for (let row = 0; row < rows; row++) {
    let key = 0;
    for (; key + 4 <= keys; key += 4) {
      const at = scores + ((<usize>key) << 2);
      v128.store(at, f32x4.mul(v128.load(at), scales));
    }
    for (; key < keys; key++) {
      const at = scores + ((<usize>key) << 2);
      store<f32>(at, load<f32>(at) * scale);
    }
    if (keyMask != 0) {
      for (key = 0; key < keys; key++) {
        const at = scores + ((<usize>key) << 2);
        store<f32>(at, load<f32>(at) + (<f32>1 - load<f32>(keyMask + ((<usize>key) << 2))) * MASKED);
      }
    }
    if (causal) {
      for (key = first + row + 1; key < keys; key++) {
        const at = scores + ((<usize>key) << 2);
        store<f32>(at, load<f32>(at) + MASKED);
      }
    }
    scores += (<usize>keys) << 2;
  }
}

/** `dScore = weight * (dWeight - inner)`, a row of each; into `dWeight`. */
export function scoreGradients(weights: usize, dWeights: usize, keys: i32, inner: f32): void {
  const inners = f32x4.splat(inner);
  for (; keys >= 4; keys -= 4) {
    v128.store(dWeights, f32x4.mul(v128.load(weights), f32x4.sub(v128.load(dWeights), inners)));
    weights += 16;
    dWeights += 16;
  }
  for (; keys > 0; keys--) {
    store<f32>(dWeights, load<f32>(weights) * (load<f32>(dWeights) - inner));
    weights += 4;
    dWeights += 4;
  }
}
