import { element } from '../gemm/element';
import { multiplyPacked, multiplyRows, packAllColumns, packedColumnsBytes } from '../gemm/multiply';
import { log } from '../math';
import { exponentialsOf, largestOf, scaleRow } from '../rows';
import { Attention, keyMaskOf, paddedKeys, partOf, rowsOf, valuesOf } from './arguments';
import { strideOfTurned, turnedRows } from './rotary';
import { MASKED, maskScores } from './weights';

/**
 * `softmax(q k^T scale) v` of one head of one sample, a block of queries at a time. Either the weights are kept or the logarithms of the
 * softmax denominators; then of the weights only those of `queryBlock` queries are ever in memory.
 */
export function attentionTask(args: Attention, task: i32, scratch: usize): void {
  const tokens = args.tokens;
  const size = args.headSize;
  const width = args.heads * size;
  const stride = strideOfTurned(args);
  const padded = paddedKeys(args);
  const keys = scratch;
  const turned = keys + packedColumnsBytes(tokens, size);
  const scores = turned + (((<usize>tokens) * <usize>size) << 2);
  const rest = args.weights != 0 ? scores : scores + (((<usize>args.queryBlock) * <usize>padded) << 2);
  const values = partOf(args, args.qkv, task, 2);
  const keyMask = keyMaskOf(args, task);

  packAllColumns(turnedRows(args, task, 1, 0, tokens, turned), stride, 1, tokens, size, keys);
  for (let first = 0; first < tokens; first += args.queryBlock) {
    const rows = min(tokens - first, args.queryBlock);
    const weights = args.weights == 0 ? scores : element(valuesOf(args, args.weights, task, tokens * padded), padded, 1, first, 0);
    const queries = turnedRows(args, task, 0, first, rows, turned);
    multiplyPacked(queries, stride, 1, rows, size, keys, padded, 0, weights, padded, false, rest);
    maskScores(weights, first, rows, tokens, padded, keyMask, args.causal != 0);
    for (let row = 0; row < rows; row++) {
      const at = element(weights, padded, 1, row, 0);
      const top = largestOf(at, padded);
      const sum = exponentialsOf(at, at, padded, top, args.scale);
      // A query all of whose keys are masked: nothing, or NaN if there is a NaN.
      const blind = keyMask != 0 && !(top > MASKED / 2);
      scaleRow(at, at, padded, blind ? 0 : <f32>1 / sum);
      if (args.weights != 0) continue;
      const logSumExp = element(valuesOf(args, args.logSumExp, task, tokens), 1, 1, first + row, 0);
      store<f32>(logSumExp, blind ? 0 * sum : top + f32x4.extract_lane(log(f32x4.splat(sum)), 0) / args.scale);
    }
    const y = element(rowsOf(args, args.y, task), width, 1, first, 0);
    multiplyRows(weights, padded, 1, rows, tokens, values, 3 * width, size, y, width, false, rest);
  }
}
