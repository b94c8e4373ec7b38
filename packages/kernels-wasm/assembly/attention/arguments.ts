import { KEY_BLOCK } from '../../src/attention-blocks';
import { element } from '../gemm/element';

/** Arguments of attention and of its gradient. One task is one head of one sample. */
@unmanaged
export class Attention {
  qkv: usize;
  y: usize;
  /** 0, or where the logarithms of the softmax denominators are, divided by `scale` as scores are before it, `[heads, B, N]`. */
  logSumExp: usize;
  /** 0, or where the weights are, `[heads, B, N, keys]` with the keys of {@link paddedKeys}: they are kept, or the logarithms. */
  weights: usize;
  /** 0, or `[B, N]` float32: added to the scores is `(1 - mask) * MASKED`. */
  keyMask: usize;
  /** 0, or tables of the rotary positions. */
  cos: usize;
  sin: usize;
  /** Floats from one sample's rotary table to the next: 0 if all share one. */
  rotaryStride: i32;
  batch: i32;
  tokens: i32;
  heads: i32;
  headSize: i32;
  causal: i32;
  /** Queries that are worked on at once. */
  queryBlock: i32;
  dy: usize;
  dQkv: usize;
  /** What scores are multiplied with: `1 / sqrt(headSize)`. */
  scale: f32;
}

/** Keys of a row of scores or weights. Those that are not there have the weight 0. */
// @ts-ignore: decorator
@inline
export function paddedKeys(args: Attention): i32 {
  return ((args.tokens + KEY_BLOCK - 1) / KEY_BLOCK) * KEY_BLOCK;
}

/** The sample of a task, and its head. */
// @ts-ignore: decorator
@inline
export function sampleOf(args: Attention, task: i32): i32 {
  return task / args.heads;
}

// @ts-ignore: decorator
@inline
export function headOf(args: Attention, task: i32): i32 {
  return task % args.heads;
}

/** Where the queries (part 0), keys (1) or values (2) of a task begin in a packed `[B, N, 3D]`; rows are `3D` floats apart. */
export function partOf(args: Attention, packed: usize, task: i32, part: i32): usize {
  const width = args.heads * args.headSize;
  return element(packed, 3 * width, 1, sampleOf(args, task) * args.tokens, part * width + headOf(args, task) * args.headSize);
}

/** Where the rows of a task begin in `[B, N, D]`; they are `D` floats apart. */
export function rowsOf(args: Attention, tensor: usize, task: i32): usize {
  const width = args.heads * args.headSize;
  return element(tensor, width, 1, sampleOf(args, task) * args.tokens, headOf(args, task) * args.headSize);
}

/** Where `[N]` or `[N, keys]` values (`size` in all) of a task begin in `[heads, B, size]`. */
export function valuesOf(args: Attention, values: usize, task: i32, size: i32): usize {
  return element(values, size, 1, headOf(args, task) * args.batch + sampleOf(args, task), 0);
}

export function keyMaskOf(args: Attention, task: i32): usize {
  return args.keyMask == 0 ? 0 : element(args.keyMask, args.tokens, 1, sampleOf(args, task), 0);
}
