import type { Shader } from '../shader.ts';
import { attentionUniforms, gradientBindings, lines, writeFour } from '../wgsl/attention-heads.ts';
import {
  addWeighted,
  attentionSubgroups,
  letSeen,
  mainOfSubgroup,
  OTHERS,
  others,
  type SubgroupAttentionVariant,
  scoresAndProducts,
  subgroupBlock,
  sumsOfSubgroup,
} from '../wgsl/attention-subgroups.ts';

/**
 * The function of `attention-grad-queries.ts` on the devices of `attention-by-subgroups.ts`, cut up as there: a lane has four queries, and
 * keys come 32 at a time, for `q k^T`, then `dy v^T`, then `dS k`.
 */
export const attentionGradQueriesBySubgroups: Shader<SubgroupAttentionVariant> = {
  name: 'attentionGradQueriesBySubgroups',
  bindings: gradientBindings,
  uniforms: attentionUniforms,
  code: (variant) => {
    const { headSize, isRotary, lanes } = variant;
    const dq = (i: number) => (isRotary ? `turned_back(rows[${i}], own[${i}], d)` : `rows[${i}]`);
    return /* wgsl */ `
${attentionSubgroups(variant, { hasDy: true })}
${writeFour('dQkv', headSize)}
${mainOfSubgroup(lanes)}
  var delta = vec4f();
  var kept = vec4f();
  for (var i = 0u; i < 4; i++) {
    delta[i] = delta_of(own[i]);
    kept[i] = kept_of(own[i]);
  }
${sumsOfSubgroup('dq')}

  let end = select(u.tokens, min(u.tokens, first_row + ${subgroupBlock(lanes)}), u.causal == 1);
  for (var first = 0u; first < end; first += ${OTHERS}) {
${scoresAndProducts(lanes, ['Q', 'DY'], ['K', 'V'])}
${letSeen(variant)}
${others((n) => `    s${n} = select(vec4f(), exp(p${n} - kept) * (s${n} - delta), seen${n});`)}
${addWeighted('dq', 's', lanes, 'K')}
  }

  for (var d = 0u; d < u.vectors; d++) {
    let rows = transpose(dq[d]);
${lines(4, (i) => `    if (own[${i}] < u.tokens) { write_dQkv(part_of_qkv(own[${i}], Q), d, u.scale * ${dq(i)}); }`)}
  }
}
`;
  },
};
