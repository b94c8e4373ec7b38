import { element } from '../gemm/element';
import { multiplyPacked, multiplyRows, packAllColumns, packedColumnsBytes } from '../gemm/multiply';
import { dotOf, exponentialsOf } from '../rows';
import { Attention, keyMaskOf, paddedKeys, partOf, rowsOf, valuesOf } from './arguments';
import { rotateRows, strideOfTurned, turnedRows } from './rotary';
import { maskScores, scoreGradients } from './weights';

/**
 * The gradient of one head of one sample, a block of queries at a time: `dV = P^T dy`, `dS = scale P * (dy v^T - sum(dy * y))`,
 * `dq = dS k`, `dk = dS^T q`. Weights that were not kept are computed again from the scores `S = q k^T`, `P = exp(scale (S - logSumExp))`
 * (FlashAttention-2, arXiv 2307.08691, section 3.1).
 */
export function attentionGradTask(args: Attention, task: i32, scratch: usize): void {
  const tokens = args.tokens;
  const size = args.headSize;
  const width = args.heads * size;
  const stride = strideOfTurned(args);
  const padded = paddedKeys(args);
  const packedBytes = packedColumnsBytes(tokens, size);
  const blockBytes = ((<usize>args.queryBlock) * <usize>padded) << 2;
  const valuesAsColumns = scratch;
  const keysAsColumns = valuesAsColumns + packedBytes;
  const turnedKeys = keysAsColumns + packedBytes;
  const turnedQueries = turnedKeys + (((<usize>tokens) * <usize>size) << 2);
  const dWeights = turnedQueries + (((<usize>args.queryBlock) * <usize>size) << 2);
  const weightsAgain = dWeights + blockBytes;
  const rest = args.weights != 0 ? weightsAgain : weightsAgain + blockBytes;

  const keys = turnedRows(args, task, 1, 0, tokens, turnedKeys);
  if (args.weights == 0) packAllColumns(keys, stride, 1, tokens, size, keysAsColumns);
  packAllColumns(partOf(args, args.qkv, task, 2), 3 * width, 1, tokens, size, valuesAsColumns);
  const dKeys = partOf(args, args.dQkv, task, 1);
  const dValues = partOf(args, args.dQkv, task, 2);
  for (let first = 0; first < tokens; first += args.queryBlock) {
    const rows = min(tokens - first, args.queryBlock);
    const goesOn = first > 0;
    const dy = element(rowsOf(args, args.dy, task), width, 1, first, 0);
    const y = element(rowsOf(args, args.y, task), width, 1, first, 0);
    const queries = turnedRows(args, task, 0, first, rows, turnedQueries);
    let weights = weightsAgain;
    if (args.weights != 0) weights = element(valuesOf(args, args.weights, task, tokens * padded), padded, 1, first, 0);
    else {
      multiplyPacked(queries, stride, 1, rows, size, keysAsColumns, padded, 0, weights, padded, false, rest);
      maskScores(weights, first, rows, tokens, padded, keyMaskOf(args, task), args.causal != 0);
      const sums = valuesOf(args, args.logSumExp, task, tokens);
      for (let row = 0; row < rows; row++) {
        const at = element(weights, padded, 1, row, 0);
        exponentialsOf(at, at, padded, load<f32>(element(sums, 1, 1, first + row, 0)), args.scale);
      }
    }
    multiplyPacked(dy, width, 1, rows, size, valuesAsColumns, padded, 0, dWeights, padded, false, rest);
    for (let row = 0; row < rows; row++) {
      const at = element(0, padded, 1, row, 0);
      const offset = element(0, width, 1, row, 0);
      scoreGradients(weights + at, dWeights + at, padded, dotOf(dy + offset, y + offset, size), args.scale);
    }
    multiplyRows(weights, 1, padded, tokens, rows, dy, width, size, dValues, 3 * width, goesOn, rest);
    multiplyRows(dWeights, 1, padded, tokens, rows, queries, stride, size, dKeys, 3 * width, goesOn, rest);
    const dQueries = element(partOf(args, args.dQkv, task, 0), 3 * width, 1, first, 0);
    multiplyRows(dWeights, padded, 1, rows, tokens, keys, stride, size, dQueries, 3 * width, false, rest);
    if (args.cos != 0) rotateRows(args, task, first, rows, dQueries, 3 * width, dQueries, 3 * width, true);
  }
  if (args.cos != 0) rotateRows(args, task, 0, tokens, dKeys, 3 * width, dKeys, 3 * width, true);
}
