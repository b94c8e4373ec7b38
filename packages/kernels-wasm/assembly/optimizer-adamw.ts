import { Chunks, chunkEnd, chunkStart, entryOf } from './optimizer-chunks';
import { madd } from './simd';

@unmanaged
export class AdamWArgs extends Chunks {
  /** 0, or the number that gradients are multiplied by. */
  gradientScale: usize;
  beta1: f32;
  /** `1 - beta1`. */
  share1: f32;
  beta2: f32;
  share2: f32;
  /** `epsilon sqrt(1 - beta2^t)`. */
  epsilon: f32;
}

/** One tensor of the table. */
@unmanaged
class AdamWTensor {
  start: i32;
  end: i32;
  param: usize;
  gradient: usize;
  first: usize;
  second: usize;
  newParam: usize;
  newFirst: usize;
  newSecond: usize;
  /** `1 - rate decay`. */
  shrink: f32;
  /** `rate sqrt(1 - beta2^t) / (1 - beta1^t)`. */
  length: f32;
}

/**
 * One chunk of `m' = beta1 m + (1 - beta1) g`, `v' = beta2 v + (1 - beta2) g^2`,
 * `p' = shrink p - length m' / (sqrt(v') + epsilon)`. Reads four numbers and writes three per element, and is bound by that.
 */
export function adamWTask(args: AdamWArgs, task: i32): void {
  const end = chunkEnd(args, task);
  let at = chunkStart(args, task);
  let entry = entryOf(args, offsetof<AdamWTensor>(), at);
  while (at < end) {
    const tensor = changetype<AdamWTensor>(entry);
    const count = min(end, tensor.end) - at;
    updateSpan(args, tensor, (<usize>(at - tensor.start)) << 2, count);
    at += count;
    entry += offsetof<AdamWTensor>();
  }
}

function updateSpan(args: AdamWArgs, tensor: AdamWTensor, offset: usize, count: i32): void {
  const scale = args.gradientScale == 0 ? f32x4.splat(1) : v128.load32_splat(args.gradientScale);
  const beta1 = f32x4.splat(args.beta1);
  const share1 = f32x4.splat(args.share1);
  const beta2 = f32x4.splat(args.beta2);
  const share2 = f32x4.splat(args.share2);
  const epsilon = f32x4.splat(args.epsilon);
  const shrink = f32x4.splat(tensor.shrink);
  const negativeLength = f32x4.splat(-tensor.length);
  let param = tensor.param + offset;
  let gradient = tensor.gradient + offset;
  let first = tensor.first + offset;
  let second = tensor.second + offset;
  let newParam = tensor.newParam + offset;
  let newFirst = tensor.newFirst + offset;
  let newSecond = tensor.newSecond + offset;
  for (; count >= 4; count -= 4) {
    const g = f32x4.mul(v128.load(gradient), scale);
    const m = madd(v128.load(first), beta1, f32x4.mul(g, share1));
    const v = madd(v128.load(second), beta2, f32x4.mul(f32x4.mul(g, g), share2));
    const direction = f32x4.div(m, f32x4.add(f32x4.sqrt(v), epsilon));
    v128.store(newFirst, m);
    v128.store(newSecond, v);
    v128.store(newParam, madd(direction, negativeLength, f32x4.mul(v128.load(param), shrink)));
    param += 16;
    gradient += 16;
    first += 16;
    second += 16;
    newParam += 16;
    newFirst += 16;
    newSecond += 16;
  }
  for (; count > 0; count--) {
    const g = f32x4.mul(v128.load32_zero(gradient), scale);
    const m = madd(v128.load32_zero(first), beta1, f32x4.mul(g, share1));
    const v = madd(v128.load32_zero(second), beta2, f32x4.mul(f32x4.mul(g, g), share2));
    const direction = f32x4.div(m, f32x4.add(f32x4.sqrt(v), epsilon));
    v128.store_lane<f32>(newFirst, m, 0);
    v128.store_lane<f32>(newSecond, v, 0);
    v128.store_lane<f32>(newParam, madd(direction, negativeLength, f32x4.mul(v128.load32_zero(param), shrink)), 0);
    param += 4;
    gradient += 4;
    first += 4;
    second += 4;
    newParam += 4;
    newFirst += 4;
    newSecond += 4;
  }
}
