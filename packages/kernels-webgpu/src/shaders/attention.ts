import type { Shader } from '../shader.ts';
import { type AttentionVariant, attentionUniforms, lines, readHeads, writeFour, writeHeads } from '../wgsl/attention-heads.ts';
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
export const QUERY_BLOCK = ROWS_EACH * ROW_GROUPS;
/** Of the statistics of lanes: odd, so that those of one row group lie in different banks. */
const STATISTICS_PITCH = ROW_GROUPS + 1;

/**
 * `y = softmax(q k^T) v` and the logarithms of the softmax denominators, without the weights in memory (FlashAttention-2, arXiv 2307.08691,
 * algorithm 1).
 *
 * A workgroup has 64 queries of one head of one sample and goes over the keys in blocks of 32. Its 128 invocations are 16 row groups of 8
 * lanes. A block of keys takes, for each piece of 32 numbers of the head, one step of kind 1 and one of kind 3; a step is: barrier, fill
 * the tile, barrier, compute.
 *
 * 1. scores: a piece of the queries and of the keys is in workgroup memory. An invocation has 4 queries (`group + 16 i`) and 4 keys
 *    (`lane + 8 j`): 16 sums in registers, 8 reads of vectors for 64 multiply-adds.
 * 2. once, between: a lane has the maximum of its 4 keys for each of its 4 queries, in one vector; the 8 lanes of a row group exchange
 *    them through workgroup memory. The weights take the place of the queries there. Denominators need no exchange until the
 *    end, when those of the lanes are added.
 * 3. sums: a piece of the values is in the place of the keys. An invocation has 4 queries and one vector of 4 numbers of the piece:
 *    again 8 reads for 64 multiply-adds. The sums over all keys stay in registers, 4 vectors for each piece of the head.
 *
 * Queries are read again for every block of keys (from a cache, mostly): this lets 64 of them share each key at any head size. Were 16
 * queries of 128 numbers kept in half of the 16 KiB instead, keys and values alone would be read twice as often. Rows of the tile are 9 vectors
 * apart, 8 of which are used: 8 lanes reading 8 rows, or one row, touch every bank once; all lanes of a row group read its queries as one.
 *
 * With `causal` the blocks of keys behind the last query are left out. Keys that a query does not see have weight 0 by selection,
 * whatever their score.
 */
export const attention: Shader<AttentionVariant> = {
  name: 'attention',
  bindings: ({ headSize }) => ({
    qkv: readHeads(headSize),
    keyMask: 'read',
    cosines: readHeads(headSize),
    sines: readHeads(headSize),
    y: writeHeads(headSize),
    logSumExp: 'write',
  }),
  uniforms: attentionUniforms,
  code: (variant) => {
    const { headSize, isMasked } = variant;
    const pieces = piecesOf(headSize);
    return /* wgsl */ `
${attentionTiles(variant, QUERY_BLOCK, { hasDy: false })}
${writeFour('y', headSize)}
var<workgroup> statistics: array<vec4f, ${LANES * STATISTICS_PITCH}>; // of 4 rows, by lane and row group

fn largest_of(x: vec4f) -> f32 {
  return max(max(x.x, x.y), max(x.z, x.w));
}

@compute @workgroup_size(${INVOCATIONS})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
${place(QUERY_BLOCK)}
  let rows = first_row + row_group + vec4u(${[0, 1, 2, 3].map((i) => i * ROW_GROUPS).join(', ')});
  var top = vec4f(MASKED); // of the scores so far, by row
  var shrink = vec4f(); // what a higher top makes of the sums so far
  var denominator = vec4f(); // of the keys of this lane
${lines(pieces, (piece) => lines(ROWS_EACH, (i) => `  var y${piece}_${i} = vec4f();`))}

  let end = select(u.tokens, min(u.tokens, first_row + ${QUERY_BLOCK}), u.causal == 1);
  for (var first_column = 0u; first_column < end; first_column += ${COLUMNS}) {
${lines(ROWS_EACH, (i) => `    var s${i} = vec4f();`)}
    for (var step = 0u; step < 2 * PIECES; step++) {
      let is_score = step < PIECES;
      let piece = step % PIECES;
      workgroupBarrier();
      if (step == PIECES) {
        let columns = first_column + lane + COLUMN_OFFSETS;
        var there = columns < vec4u(u.tokens);
${isMasked ? lines(4, (j) => `        if (there[${j}]) { there[${j}] = f32(keyMask[sample * u.tokens + columns[${j}]]) == 1; }`) : ''}
${lines(
  ROWS_EACH,
  (i) => `
        let seen${i} = there & (vec4<bool>(u.causal == 0) | (columns <= vec4u(rows[${i}])));
        s${i} = select(vec4f(MASKED), s${i}, seen${i});`,
)}
        statistics[lane * ${STATISTICS_PITCH} + row_group] = vec4f(largest_of(s0), largest_of(s1), largest_of(s2), largest_of(s3));
        workgroupBarrier();
        var next_top = top;
        for (var l = 0u; l < ${LANES}; l++) {
          next_top = max(next_top, statistics[l * ${STATISTICS_PITCH} + row_group]);
        }
        shrink = exp(top - next_top);
        top = next_top;
${lines(ROWS_EACH, (i) => `        s${i} = select(vec4f(), exp(s${i} - top[${i}]), seen${i});`)}
        denominator = denominator * shrink + vec4f(sum_of(s0), sum_of(s1), sum_of(s2), sum_of(s3));
${storeWeights('s', ROWS_EACH)}
      }
${fill(QUERY_BLOCK, 'Q', 'select(V, K, is_score)', '!is_score')}
      workgroupBarrier();
      if (is_score) {
${addProducts(ROWS_EACH)}
      } else {
${weightedSums(ROWS_EACH)}
${oneOf('piece', pieces, (piece) => lines(ROWS_EACH, (i) => `          y${piece}_${i} = y${piece}_${i} * shrink[${i}] + s${i};`))}
      }
    }
  }

  statistics[lane * ${STATISTICS_PITCH} + row_group] = denominator;
  workgroupBarrier();
  denominator = vec4f();
  for (var l = 0u; l < ${LANES}; l++) {
    denominator += statistics[l * ${STATISTICS_PITCH} + row_group];
  }
  // A query that sees no key has nothing in its denominator. NaN is not nothing.
  let is_sighted = ${isMasked ? '!(denominator == vec4f())' : 'vec4<bool>(true)'};
  let kept = select(vec4f(), top + log(denominator), is_sighted);
${lines(
  ROWS_EACH,
  (i) => /* wgsl */ `
  if (rows[${i}] < u.tokens) {
    if (lane == 0) {
      logSumExp[(head * u.batch + sample) * u.tokens + rows[${i}]] = kept[${i}];
    }
${lines(
  pieces,
  (piece) => `
    if (${piece * LANES} + lane < VECTORS) {
      let value = select(vec4f(), y${piece}_${i} / denominator[${i}], is_sighted[${i}]);
      write_y(part_of_y(rows[${i}]), ${piece * LANES} + lane, value);
    }`,
)}
  }`,
)}
}
`;
  },
};
