import type { Shader } from '../shader.ts';
import { attentionDelta } from '../wgsl/attention-delta.ts';
import { type AttentionVariant, attentionUniforms, gradientBindings, lines, writeFour } from '../wgsl/attention-heads.ts';
import {
  addProducts,
  attentionTiles,
  COLUMNS,
  fill,
  INVOCATIONS,
  LANES,
  oneOf,
  piecesOf,
  place,
  ROW_GROUPS,
  storeWeights,
  weightedSums,
} from '../wgsl/attention-tiles.ts';

/** Queries of an invocation. */
const ROWS_EACH = 4;
/** Queries of a workgroup. */
export const GRADIENT_QUERY_BLOCK = ROWS_EACH * ROW_GROUPS;

/**
 * The gradient of attention with respect to the queries, the weights computed again from what is kept of their denominators:
 *
 *     p = exp(q k^T - logSumExp)    dS = p * (dy v^T - sum(dy * y))    dQ = dS k
 *
 * FlashAttention-2 (arXiv 2307.08691, algorithm 2) makes the gradients of queries, keys and values in one pass of 5 products, adding to
 * those of queries with atomics in whatever order. Here queries have this shader (3 products) and keys and values another
 * (`attention-grad-keys.ts`, 4 products), so that every number is summed by one invocation, in one order. Both compute `sum(dy * y)` for
 * themselves, so neither waits for the other; handing it on would take a ninth buffer, where devices guarantee 8.
 *
 * A workgroup has 64 queries of one head of one sample and goes over the keys in blocks of 32; 16 row groups of 8 lanes, as in the
 * forward pass (`attention.ts`), whose layout of workgroup memory this is. A block of keys takes three steps for each piece of 32 numbers of
 * the head (barrier, fill the tile, barrier, compute): of `dy v^T`, of `q k^T`, an invocation has 4 queries (`group + 16 i`) and 4 keys
 * (`lane + 8 j`); then `dS` takes the place of the queries in workgroup memory, and of `dS k` it has 4 queries and one vector of 4 numbers
 * of each piece, summed in registers over all keys. The last goes over the pieces backwards: the last piece of the keys is still there.
 */
export const attentionGradQueries: Shader<AttentionVariant> = {
  name: 'attentionGradQueries',
  bindings: gradientBindings,
  uniforms: attentionUniforms,
  code: (variant) => {
    const { headSize, isMasked, isRotary } = variant;
    const pieces = piecesOf(headSize);
    return /* wgsl */ `
${attentionTiles(variant, GRADIENT_QUERY_BLOCK, { hasDy: true })}
${attentionDelta(GRADIENT_QUERY_BLOCK)}
${writeFour('dQkv', headSize)}

@compute @workgroup_size(${INVOCATIONS})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
${place(GRADIENT_QUERY_BLOCK)}
  let rows = first_row + row_group + vec4u(${[0, 1, 2, 3].map((i) => i * ROW_GROUPS).join(', ')});
  for (var i = 0u; i < ${ROWS_EACH}; i++) {
    let row = row_group + i * ${ROW_GROUPS};
    parts[row * ${LANES + 1} + lane] = part_of_delta(first_row + row, lane);
  }
  workgroupBarrier();
  var delta = vec4f();
  var kept = vec4f();
  for (var i = 0u; i < ${ROWS_EACH}; i++) {
    delta[i] = delta_of(row_group + i * ${ROW_GROUPS});
    kept[i] = kept_of(rows[i]);
  }
${lines(pieces, (piece) => lines(ROWS_EACH, (i) => `  var dq${piece}_${i} = vec4f();`))}

  let end = select(u.tokens, min(u.tokens, first_row + ${GRADIENT_QUERY_BLOCK}), u.causal == 1);
  for (var first_column = 0u; first_column < end; first_column += ${COLUMNS}) {
${lines(ROWS_EACH, (i) => `    var s${i} = vec4f();\n    var dp${i} = vec4f();`)}
    for (var step = 0u; step < 3 * PIECES; step++) {
      let is_sum = step >= 2 * PIECES;
      let is_score = step >= PIECES;
      let piece = select(step % PIECES, PIECES - 1 - step % PIECES, is_sum);
      if (step == PIECES) {
${lines(ROWS_EACH, (i) => `        dp${i} = s${i};\n        s${i} = vec4f();`)}
      }
      workgroupBarrier();
      if (step == 2 * PIECES) {
        let columns = first_column + lane + COLUMN_OFFSETS;
        var there = columns < vec4u(u.tokens);
${isMasked ? lines(4, (j) => `        if (there[${j}]) { there[${j}] = f32(keyMask[sample * u.tokens + columns[${j}]]) == 1; }`) : ''}
${lines(
  ROWS_EACH,
  (i) => `
        let seen${i} = there & (vec4<bool>(u.causal == 0) | (columns <= vec4u(rows[${i}])));
        s${i} = select(vec4f(), exp(s${i} - kept[${i}]) * (dp${i} - delta[${i}]), seen${i});`,
)}
${storeWeights('s', ROWS_EACH)}
      } else {
${fill(GRADIENT_QUERY_BLOCK, 'select(DY, Q, is_score)', 'select(V, K, is_score)', 'is_sum')}
      }
      workgroupBarrier();
      if (!is_sum) {
${addProducts(ROWS_EACH)}
      } else {
${weightedSums(ROWS_EACH)}
${oneOf('piece', pieces, (piece) => lines(ROWS_EACH, (i) => `          dq${piece}_${i} += s${i};`))}
      }
    }
  }

${lines(
  ROWS_EACH,
  (i) => /* wgsl */ `
  if (rows[${i}] < u.tokens) {
${lines(pieces, (piece) => {
  const d = `${piece * LANES} + lane`;
  const value = isRotary ? `turned_back(dq${piece}_${i}, rows[${i}], ${d})` : `dq${piece}_${i}`;
  return `    if (${d} < VECTORS) { write_dQkv(part_of_qkv(rows[${i}], Q), ${d}, u.scale * ${value}); }`;
})}
  }`,
)}
}
`;
  },
};
