import type { Shader } from '../shader.ts';
import { attentionUniforms, lines, readHeads, writeFour, writeHeads } from '../wgsl/attention-heads.ts';
import {
  addScores,
  addWeighted,
  attentionSubgroups,
  letSeen,
  mainOfSubgroup,
  OTHERS,
  others,
  type SubgroupAttentionVariant,
  subgroupBlock,
  sumsOfSubgroup,
} from '../wgsl/attention-subgroups.ts';

/**
 * The function of `attention.ts`, for devices on which a load from memory costs as much as many multiply-adds: drivers that compute on the
 * processor (see `matmul-subgroups.ts`).
 *
 * A workgroup is one subgroup of known size, without workgroup memory and without barriers. A lane has four queries, the components of its
 * vectors, and all that belongs to them: the softmax needs no exchange. Keys come 32 at a time; a lane loads every `lanes`-th of them, and
 * hands each on to the others by a broadcast: first for the scores, then, as values, for the sums.
 */
export const attentionBySubgroups: Shader<SubgroupAttentionVariant> = {
  name: 'attentionBySubgroups',
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
    const { headSize, isMasked, lanes } = variant;
    return /* wgsl */ `
${attentionSubgroups(variant, { hasDy: false })}
${writeFour('y', headSize)}
${mainOfSubgroup(lanes)}
  var top = vec4f(MASKED); // of the scores so far
  var denominator = vec4f();
${sumsOfSubgroup('sums')}

  let end = select(u.tokens, min(u.tokens, first_row + ${subgroupBlock(lanes)}), u.causal == 1);
  for (var first = 0u; first < end; first += ${OTHERS}) {
${others((n) => `    var s${n} = vec4f();`)}
${addScores(lanes, 'Q', 'K')}
${letSeen(variant)}
    var next_top = top;
${others(
  (n) => `
    s${n} = select(vec4f(MASKED), s${n}, seen${n});
    next_top = max(next_top, s${n});`,
)}
    let shrink = exp(top - next_top);
    top = next_top;
    denominator *= shrink;
${others(
  (n) => `
    s${n} = select(vec4f(), exp(s${n} - top), seen${n});
    denominator += s${n};`,
)}
${addWeighted('sums', 's', lanes, 'V', ' * shrink')}
  }

  // A query that sees no key has nothing in its denominator. NaN is not nothing.
  let is_sighted = ${isMasked ? '!(denominator == vec4f())' : 'vec4<bool>(true)'};
  let kept = select(vec4f(), top + log(denominator), is_sighted);
${lines(4, (i) => `  if (own[${i}] < u.tokens) { logSumExp[(head * u.batch + sample) * u.tokens + own[${i}]] = kept[${i}]; }`)}
  for (var d = 0u; d < u.vectors; d++) {
    let rows = transpose(mat4x4f(${[0, 1, 2, 3].map((k) => `select(vec4f(), sums[d][${k}] / denominator, is_sighted)`).join(', ')}));
${lines(4, (i) => `    if (own[${i}] < u.tokens) { write_y(part_of_y(own[${i}]), d, rows[${i}]); }`)}
  }
}
`;
  },
};
