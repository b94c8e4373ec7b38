import { element } from '../gemm/element';
import { multiplyPacked, packAllColumns, packedColumnsBytes } from '../gemm/multiply';
import { dotOf, exponentialsOf, scaleRow } from '../rows';
import { Attention, keyMaskOf, logSumExpOf, partOf, rowsOf } from './arguments';
import { packKeys, scoreBlock } from './forward';
import { rotateRows } from './rotary';
import { maskScores, scoreGradients } from './weights';

/**
 * The gradient of one head of one sample, a block of queries at a time, with the weights computed again from the logarithms of
 * the softmax denominators (FlashAttention-2, arXiv 2307.08691, section 3.1): `P = exp(S - logSumExp)`, `dV = P^T dy`,
 * `dS = P * (dy v^T - sum(dy * y))`, `dq = scale dS k`, `dk = scale dS^T q`.
 */
export function attentionGradTask(args: Attention, task: i32, scratch: usize): void {
  const tokens = args.tokens;
  const size = args.headSize;
  const width = args.heads * size;
  const packedBytes = packedColumnsBytes(tokens, size);
  const blockBytes = ((<usize>args.queryBlock) * <usize>tokens) << 2;
  const keysAsColumns = scratch;
  const valuesAsColumns = keysAsColumns + packedBytes;
  const keysAsRows = valuesAsColumns + packedBytes;
  const queryRows = keysAsRows + packedColumnsBytes(size, tokens);
  const weights = queryRows + packedColumnsBytes(size, args.queryBlock);
  const dWeights = weights + blockBytes;
  const turned = dWeights + blockBytes;
  const rest = args.cos == 0 ? turned : turned + (((<usize>tokens) * <usize>size) << 2);

  packKeys(args, task, turned, keysAsColumns);
  if (args.cos == 0) packAllColumns(partOf(args, args.qkv, task, 1), 1, 3 * width, size, tokens, keysAsRows);
  else packAllColumns(turned, 1, size, size, tokens, keysAsRows);
  packAllColumns(partOf(args, args.qkv, task, 2), 3 * width, 1, tokens, size, valuesAsColumns);

  const dKeys = partOf(args, args.dQkv, task, 1);
  const dValues = partOf(args, args.dQkv, task, 2);
  for (let first = 0; first < tokens; first += args.queryBlock) {
    const rows = min(tokens - first, args.queryBlock);
    const goesOn = first > 0;
    const dy = element(rowsOf(args, args.dy, task), width, 1, first, 0);
    const y = element(rowsOf(args, args.y, task), width, 1, first, 0);
    scoreBlock(args, task, first, rows, keysAsColumns, turned, weights, rest);
    maskScores(weights, first, rows, tokens, args.scale, keyMaskOf(args, task), args.causal != 0);
    multiplyPacked(dy, width, 1, rows, size, valuesAsColumns, tokens, 0, dWeights, tokens, false, rest);
    const sums = logSumExpOf(args, task) + ((<usize>first) << 2);
    for (let row = 0; row < rows; row++) {
      const at = element(0, tokens, 1, row, 0);
      const offset = element(0, width, 1, row, 0);
      exponentialsOf(weights + at, weights + at, tokens, load<f32>(sums + ((<usize>row) << 2)));
      scoreGradients(weights + at, dWeights + at, tokens, dotOf(dy + offset, y + offset, size));
    }
    packAllColumns(dy, 1, width, size, rows, queryRows);
    multiplyPacked(weights, 1, tokens, tokens, rows, queryRows, size, 0, dValues, 3 * width, goesOn, rest);
    packQueries(args, task, first, rows, turned, queryRows);
    multiplyPacked(dWeights, 1, tokens, tokens, rows, queryRows, size, 0, dKeys, 3 * width, goesOn, rest);
    const dQueries = element(partOf(args, args.dQkv, task, 0), 3 * width, 1, first, 0);
    multiplyPacked(dWeights, tokens, 1, rows, tokens, keysAsRows, size, 0, dQueries, 3 * width, false, rest);
    finishRows(args, task, first, rows, dQueries);
  }
  finishRows(args, task, 0, tokens, dKeys);
}

/**
 * Packs a block of queries as the right-hand matrix `[rows, headSize]`; {@link scoreBlock} has left them in `turned` if they are
 * turned.
 */
function packQueries(args: Attention, task: i32, first: i32, rows: i32, turned: usize, to: usize): void {
  const size = args.headSize;
  const stride = 3 * args.heads * size;
  if (args.cos == 0) packAllColumns(element(partOf(args, args.qkv, task, 0), stride, 1, first, 0), 1, stride, size, rows, to);
  else packAllColumns(turned, 1, size, size, rows, to);
}

/** Scales gradients of queries or keys, and turns them back. */
function finishRows(args: Attention, task: i32, first: i32, rows: i32, gradients: usize): void {
  const size = args.headSize;
  const stride = 3 * args.heads * size;
  for (let row = 0; row < rows; row++) {
    const at = element(gradients, stride, 1, row, 0);
    scaleRow(at, at, size, args.scale);
  }
  if (args.cos != 0) rotateRows(args, task, first, rows, gradients, stride, gradients, stride, true);
}
