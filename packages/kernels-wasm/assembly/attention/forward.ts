import { element } from '../gemm/element';
import { multiplyPacked, packAllColumns, packedColumnsBytes } from '../gemm/multiply';
import { log } from '../math';
import { exponentialsOf, largestOf, scaleRow } from '../rows';
import { Attention, keyMaskOf, logSumExpOf, partOf, rowsOf } from './arguments';
import { rotateRows } from './rotary';
import { MASKED, maskScores } from './weights';

/**
 * `softmax(q k^T scale) v` of one head of one sample, and the logarithms of the softmax denominators, a block of queries at a
 * time: of the weights only `[queryBlock, N]` are ever in memory.
 */
export function attentionTask(args: Attention, task: i32, scratch: usize): void {
  const tokens = args.tokens;
  const size = args.headSize;
  const width = args.heads * size;
  const turnedBytes = ((<usize>tokens) * <usize>size) << 2;
  const keys = scratch;
  const values = keys + packedColumnsBytes(tokens, size);
  const scores = values + packedColumnsBytes(size, tokens);
  const turned = scores + (((<usize>args.queryBlock) * <usize>tokens) << 2);
  const rest = args.cos == 0 ? turned : turned + turnedBytes;

  packKeys(args, task, turned, keys);
  packAllColumns(partOf(args, args.qkv, task, 2), 1, 3 * width, size, tokens, values);
  const keyMask = keyMaskOf(args, task);
  for (let first = 0; first < tokens; first += args.queryBlock) {
    const rows = min(tokens - first, args.queryBlock);
    scoreBlock(args, task, first, rows, keys, turned, scores, rest);
    maskScores(scores, first, rows, tokens, args.scale, keyMask, args.causal != 0);
    const sums = logSumExpOf(args, task) + ((<usize>first) << 2);
    const y = element(rowsOf(args, args.y, task), width, 1, first, 0);
    for (let row = 0; row < rows; row++) {
      const at = element(scores, tokens, 1, row, 0);
      const top = largestOf(at, tokens);
      const sum = exponentialsOf(at, at, tokens, top);
      // A query all of whose keys are masked: nothing, or NaN if there is a NaN.
      const blind = keyMask != 0 && !(top > MASKED / 2);
      store<f32>(sums + ((<usize>row) << 2), blind ? 0 * sum : top + f32x4.extract_lane(log(f32x4.splat(sum)), 0));
      scaleRow(at, at, tokens, blind ? 0 : <f32>1 / sum);
    }
    multiplyPacked(scores, tokens, 1, rows, tokens, values, size, 0, y, width, false, rest);
  }
}

/** Packs the keys of a head, turned by their positions first if there is a rotary table. */
export function packKeys(args: Attention, task: i32, turned: usize, to: usize): void {
  const size = args.headSize;
  const stride = 3 * args.heads * size;
  const keys = partOf(args, args.qkv, task, 1);
  if (args.cos == 0) return packAllColumns(keys, stride, 1, args.tokens, size, to);
  rotateRows(args, task, 0, args.tokens, keys, stride, turned, size, false);
  packAllColumns(turned, size, 1, args.tokens, size, to);
}

/** `q k^T` of a block of queries, `[rows, N]`; `turned` is room for the turned queries. */
export function scoreBlock(
  args: Attention,
  task: i32,
  first: i32,
  rows: i32,
  packedKeys: usize,
  turned: usize,
  scores: usize,
  scratch: usize,
): void {
  const size = args.headSize;
  const stride = 3 * args.heads * size;
  const queries = element(partOf(args, args.qkv, task, 0), stride, 1, first, 0);
  if (args.cos == 0) {
    multiplyPacked(queries, stride, 1, rows, size, packedKeys, args.tokens, 0, scores, args.tokens, false, scratch);
  } else {
    rotateRows(args, task, first, rows, queries, stride, turned, size, false);
    multiplyPacked(turned, size, 1, rows, size, packedKeys, args.tokens, 0, scores, args.tokens, false, scratch);
  }
}
