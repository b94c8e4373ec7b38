import { madd } from './simd';

@unmanaged
export class LambArgs {
  chunks: usize;
  /** Whether the moments are there already, and parameters that decay are to move by the length of their chunk. */
  moves: i32;
  /** 0, or the number that gradients are multiplied by. */
  gradientScale: usize;
  /** Two float64 a chunk: sums of squares of the parameter and of the direction. */
  sums: usize;
  beta1: f32;
  /** `1 - beta1`. */
  share1: f32;
  beta2: f32;
  share2: f32;
  /** `epsilon sqrt(1 - beta2^t)`. */
  epsilon: f32;
  /** `sqrt(1 - beta2^t) / (1 - beta1^t)`. */
  factor: f32;
}

/** Some elements of one tensor. */
@unmanaged
class Chunk {
  count: i32;
  param: usize;
  gradient: usize;
  first: usize;
  second: usize;
  newParam: usize;
  newFirst: usize;
  newSecond: usize;
  decay: f32;
  /** What the direction is multiplied by. */
  length: f32;
}

/**
 * One chunk of LAMB: the moments, the sums of squares of `p` and of `u = factor m' / (sqrt(v') + epsilon) + decay p`, and
 * `p' = p - length u` of tensors that do not decay. A second launch gives `p'` of those that do, whose length depends on
 * the sums.
 */
export function lambTask(args: LambArgs, task: i32): void {
  const chunk = changetype<Chunk>(args.chunks + <usize>(task * offsetof<Chunk>()));
  if (args.moves != 0) {
    if (chunk.decay != 0) move(args, chunk);
    return;
  }
  updateMoments(args, chunk);
  if (chunk.decay == 0) move(args, chunk);
  else sumSquares(args, chunk, args.sums + ((<usize>task) << 4));
}

function updateMoments(args: LambArgs, chunk: Chunk): void {
  const scale = args.gradientScale == 0 ? f32x4.splat(1) : v128.load32_splat(args.gradientScale);
  const beta1 = f32x4.splat(args.beta1);
  const share1 = f32x4.splat(args.share1);
  const beta2 = f32x4.splat(args.beta2);
  const share2 = f32x4.splat(args.share2);
  const bytes = (<usize>chunk.count) << 2;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const g = f32x4.mul(v128.load(chunk.gradient + at), scale);
    v128.store(chunk.newFirst + at, madd(v128.load(chunk.first + at), beta1, f32x4.mul(g, share1)));
    v128.store(chunk.newSecond + at, madd(v128.load(chunk.second + at), beta2, f32x4.mul(f32x4.mul(g, g), share2)));
  }
  for (; at < bytes; at += 4) {
    const g = f32x4.mul(v128.load32_zero(chunk.gradient + at), scale);
    const m = madd(v128.load32_zero(chunk.first + at), beta1, f32x4.mul(g, share1));
    const v = madd(v128.load32_zero(chunk.second + at), beta2, f32x4.mul(f32x4.mul(g, g), share2));
    v128.store_lane<f32>(chunk.newFirst + at, m, 0);
    v128.store_lane<f32>(chunk.newSecond + at, v, 0);
  }
}

/** `factor m' / (sqrt(v') + epsilon) + decay p`. */
// @ts-ignore: decorator
@inline
function directionOf(args: LambArgs, chunk: Chunk, m: v128, v: v128, p: v128): v128 {
  const adam = f32x4.div(m, f32x4.add(f32x4.sqrt(v), f32x4.splat(args.epsilon)));
  return madd(adam, f32x4.splat(args.factor), f32x4.mul(p, f32x4.splat(chunk.decay)));
}

function sumSquares(args: LambArgs, chunk: Chunk, sums: usize): void {
  const bytes = (<usize>chunk.count) << 2;
  let params = f64x2.splat(0);
  let directions = f64x2.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const p = v128.load(chunk.param + at);
    const u = directionOf(args, chunk, v128.load(chunk.newFirst + at), v128.load(chunk.newSecond + at), p);
    params = addSquares(params, p);
    directions = addSquares(directions, u);
  }
  for (; at < bytes; at += 4) {
    const p = v128.load32_zero(chunk.param + at);
    const u = directionOf(args, chunk, v128.load32_zero(chunk.newFirst + at), v128.load32_zero(chunk.newSecond + at), p);
    params = addSquares(params, p);
    directions = addSquares(directions, u);
  }
  store<f64>(sums, f64x2.extract_lane(params, 0) + f64x2.extract_lane(params, 1));
  store<f64>(sums + 8, f64x2.extract_lane(directions, 0) + f64x2.extract_lane(directions, 1));
}

// @ts-ignore: decorator
@inline
function addSquares(sums: v128, x: v128): v128 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
  return f64x2.add(sums, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
}

function move(args: LambArgs, chunk: Chunk): void {
  const bytes = (<usize>chunk.count) << 2;
  const negativeLength = f32x4.splat(-chunk.length);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const p = v128.load(chunk.param + at);
    const u = directionOf(args, chunk, v128.load(chunk.newFirst + at), v128.load(chunk.newSecond + at), p);
    v128.store(chunk.newParam + at, madd(u, negativeLength, p));
  }
  for (; at < bytes; at += 4) {
    const p = v128.load32_zero(chunk.param + at);
    const u = directionOf(args, chunk, v128.load32_zero(chunk.newFirst + at), v128.load32_zero(chunk.newSecond + at), p);
    v128.store_lane<f32>(chunk.newParam + at, madd(u, negativeLength, p), 0);
  }
}
