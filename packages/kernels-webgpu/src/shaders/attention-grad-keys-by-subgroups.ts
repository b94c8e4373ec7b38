import type { Shader } from '../shader.ts';
import { attentionUniforms, gradientBindings, lines, writeFour } from '../wgsl/attention-heads.ts';
import {
  addWeighted,
  attentionSubgroups,
  letOthers,
  mainOfSubgroup,
  OTHERS,
  ofOther,
  others,
  type SubgroupAttentionVariant,
  scoresAndProducts,
  sumsOfSubgroup,
} from '../wgsl/attention-subgroups.ts';

/**
 * The function of `attention-grad-keys.ts` on the devices of `attention-by-subgroups.ts`: a lane has four keys and their values, and
 * queries come 32 at a time, for `k q^T`, then `v dy^T`, then `dS^T q`, then `p^T dy`. Their `sum(dy * y)` are computed by the lanes that
 * load them.
 */
export const attentionGradKeysBySubgroups: Shader<SubgroupAttentionVariant> = {
  name: 'attentionGradKeysBySubgroups',
  bindings: gradientBindings,
  uniforms: attentionUniforms,
  code: (variant) => {
    const { headSize, isMasked, isRotary, lanes } = variant;
    const mask = (i: number) => `f32(keyMask[sample * u.tokens + min(own[${i}], u.tokens - 1)])`;
    const unmasked = isMasked ? ` & (vec4f(${[0, 1, 2, 3].map(mask).join(', ')}) == vec4f(1))` : '';
    const dk = (i: number) => (isRotary ? `turned_back(dks[${i}], own[${i}], d)` : `dks[${i}]`);
    return /* wgsl */ `
${attentionSubgroups(variant, { hasDy: true })}
${writeFour('dQkv', headSize)}
${mainOfSubgroup(lanes)}
  let is_open = (own < vec4u(u.tokens))${unmasked};
${sumsOfSubgroup('dk')}
${sumsOfSubgroup('dv')}

  let start = select(0, first_row / ${OTHERS} * ${OTHERS}, u.causal == 1);
  for (var first = start; first < u.tokens; first += ${OTHERS}) {
${letOthers('kept', lanes, (token) => `kept_of(${token})`)}
${letOthers('delta', lanes, (token) => `delta_of(${token})`)}
${scoresAndProducts(lanes, ['K', 'V'], ['Q', 'DY'])}
${others(
  (n) => `
    let seen${n} = vec4<bool>(first + ${n} < u.tokens) & is_open & (vec4<bool>(u.causal == 0) | (vec4u(first + ${n}) >= own));
    p${n} = select(vec4f(), exp(p${n} - ${ofOther('kept', n, lanes)}), seen${n});
    s${n} = select(vec4f(), p${n} * (s${n} - ${ofOther('delta', n, lanes)}), seen${n});`,
)}
${addWeighted('dk', 's', lanes, 'Q')}
${addWeighted('dv', 'p', lanes, 'DY')}
  }

  for (var d = 0u; d < u.vectors; d++) {
    let dks = transpose(dk[d]);
    let dvs = transpose(dv[d]);
${lines(
  4,
  (i) => `
    if (own[${i}] < u.tokens) {
      write_dQkv(part_of_qkv(own[${i}], K), d, ${dk(i)});
      write_dQkv(part_of_qkv(own[${i}], V), d, dvs[${i}]);
    }`,
)}
  }
}
`;
  },
};
