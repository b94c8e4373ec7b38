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

/** Keys of an invocation: fewer where heads are long, because it has two accumulators for every piece of each. */
function rowsOfInvocation(headSize: number): number {
  return headSize <= 64 ? 4 : 2;
}

/** Keys of a workgroup. */
export function gradientKeyBlock(headSize: number): number {
  return rowsOfInvocation(headSize) * ROW_GROUPS;
}

/**
 * The gradient of attention with respect to the keys and the values, `dK = dS^T q` and `dV = p^T dy`, where `p` and `dS` are as in
 * `attention-grad-queries.ts`, computed again and transposed.
 *
 * A workgroup has 64 keys of one head of one sample (32 where heads are longer than 64) and goes over the queries in blocks of 32; 16 row
 * groups of 8 lanes, workgroup memory as in `attention.ts`. A block of queries takes four steps for each piece of 32 numbers of
 * the head (barrier, fill the tile, barrier, compute). Of `k q^T`, then `v dy^T`, an invocation has 4 (or 2) keys (`group + 16 i`) and 4
 * queries (`lane + 8 j`). Then `p` takes the place of the values in workgroup memory, for `p^T dy`, and after it `dS` for `dS^T q`: of
 * these it has 4 (or 2) keys and one vector of 4 numbers of each piece, summed in registers over all queries: 16 vectors at most, for any head
 * size. `p^T dy` goes over the pieces backwards: the last piece of `dy` is still there.
 *
 * `sum(dy * y)` of the queries: two queries to a row group, an eighth of the head to a lane, added up by the first 32 invocations while
 * the others fill the tile.
 *
 * With `causal` the blocks of queries before the first key are left out.
 */
export const attentionGradKeys: Shader<AttentionVariant> = {
  name: 'attentionGradKeys',
  bindings: gradientBindings,
  uniforms: attentionUniforms,
  code: (variant) => {
    const { headSize, isMasked, isRotary } = variant;
    const rowsEach = rowsOfInvocation(headSize);
    const block = gradientKeyBlock(headSize);
    const pieces = piecesOf(headSize);
    const isUnmasked = (i: number) => (isMasked ? ` && f32(keyMask[sample * u.tokens + min(row${i}, u.tokens - 1)]) == 1` : '');
    const accumulator = (step: number, i: number) =>
      step < pieces ? `dv${pieces - 1 - step}_${i}` : `dk${2 * pieces - 1 - step}_${i}`;
    return /* wgsl */ `
${attentionTiles(variant, block, { hasDy: true })}
${attentionDelta(COLUMNS)}
${writeFour('dQkv', headSize)}
var<workgroup> deltas: array<f32, ${COLUMNS}>; // sum(dy * y), by column

@compute @workgroup_size(${INVOCATIONS})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
${place(block)}
${lines(
  rowsEach,
  (i) => `
  let row${i} = first_row + row_group + ${i * ROW_GROUPS};
  let is_open${i} = row${i} < u.tokens${isUnmasked(i)};`,
)}
${lines(pieces, (piece) => lines(rowsEach, (i) => `  var dk${piece}_${i} = vec4f();\n  var dv${piece}_${i} = vec4f();`))}

  let start = select(0, first_row / ${COLUMNS} * ${COLUMNS}, u.causal == 1);
  for (var first_column = start; first_column < u.tokens; first_column += ${COLUMNS}) {
    for (var i = 0u; i < ${COLUMNS / ROW_GROUPS}; i++) {
      let column = row_group + i * ${ROW_GROUPS};
      parts[column * ${LANES + 1} + lane] = part_of_delta(first_column + column, lane);
    }
${lines(rowsEach, (i) => `    var s${i} = vec4f(); // scores, then the sums of a step\n    var p${i} = vec4f();\n    var ds${i} = vec4f();`)}
    for (var step = 0u; step < 4 * PIECES; step++) {
      let is_sum = step >= 2 * PIECES;
      let is_score = step < PIECES;
      let is_of_values = step >= PIECES && step < 3 * PIECES;
      let piece = select(step % PIECES, PIECES - 1 - step % PIECES, is_sum);
      if (step == PIECES) {
${lines(rowsEach, (i) => `        p${i} = s${i};\n        s${i} = vec4f();`)}
      }
      workgroupBarrier();
      if (step == 0 && invocation < ${COLUMNS}) {
        deltas[invocation] = delta_of(invocation);
      }
      if (step == 2 * PIECES) {
        let columns = first_column + lane + COLUMN_OFFSETS;
        let there = columns < vec4u(u.tokens);
        var kept = vec4f();
        var delta = vec4f();
        for (var j = 0u; j < 4; j++) {
          kept[j] = kept_of(columns[j]);
          delta[j] = deltas[lane + j * ${LANES}];
        }
${lines(
  rowsEach,
  (i) => `
        let seen${i} = there & vec4<bool>(is_open${i}) & (vec4<bool>(u.causal == 0) | (columns >= vec4u(row${i})));
        p${i} = select(vec4f(), exp(p${i} - kept), seen${i});
        ds${i} = select(vec4f(), p${i} * (s${i} - delta), seen${i});`,
)}
${storeWeights('p', rowsEach)}
      } else {
        if (step == 3 * PIECES) {
${storeWeights('ds', rowsEach)}
        }
${fill(block, 'select(V, K, is_score)', 'select(Q, DY, is_of_values)', 'is_sum')}
      }
      workgroupBarrier();
      if (!is_sum) {
${addProducts(rowsEach)}
      } else {
${weightedSums(rowsEach)}
${oneOf('step - 2 * PIECES', 2 * pieces, (step) => lines(rowsEach, (i) => `          ${accumulator(step, i)} += s${i};`))}
      }
    }
  }

${lines(rowsEach, (i) => {
  const write = (piece: number) => {
    const d = `${piece * LANES} + lane`;
    const dk = isRotary ? `turned_back(dk${piece}_${i}, row${i}, ${d})` : `dk${piece}_${i}`;
    return /* wgsl */ `
    if (${d} < VECTORS) {
      write_dQkv(part_of_qkv(row${i}, K), ${d}, ${dk});
      write_dQkv(part_of_qkv(row${i}, V), ${d}, dv${piece}_${i});
    }`;
  };
  return `  if (row${i} < u.tokens) {\n${lines(pieces, write)}\n  }`;
})}
}
`;
  },
};
