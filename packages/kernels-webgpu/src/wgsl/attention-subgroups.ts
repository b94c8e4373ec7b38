import { type AttentionVariant, attentionHeads, headPlace, lines } from './attention-heads.ts';

/** What attention by subgroups is specialised by: `lanes` divides {@link OTHERS}. */
export type SubgroupAttentionVariant = AttentionVariant & {
  /** Invocations of a subgroup. */
  readonly lanes: number;
};

/** Tokens of a lane, the components of its vectors: queries, or keys in the gradient of keys and values. */
const OWN = 4;
/** Tokens that a subgroup takes from the other side at once, each by its name in the code. */
export const OTHERS = 32;

/** Tokens of a workgroup. */
export function subgroupBlock(lanes: number): number {
  return OWN * lanes;
}

/** Lines of WGSL for each of the other tokens. */
export function others(line: (token: number) => string): string {
  return lines(OTHERS, line);
}

/** The value `name` of another token, from the lane that has it. */
export function ofOther(name: string, token: number, lanes: number): string {
  return `subgroupBroadcast(${name}${Math.floor(token / lanes)}, ${token % lanes}u)`;
}

/** `let name0`, `name1`, ...: an expression in `token` of the other tokens that this lane has, `lanes` apart from each other. */
export function letOthers(name: string, lanes: number, value: (token: string) => string): string {
  return lines(OTHERS / lanes, (group) => `      let ${name}${group} = ${value(`(first + ${group * lanes} + lane)`)};`);
}

/**
 * {@link attentionHeads}, and `vector_of`, the same, but past the last token that again: what is there has weight 0 by selection. With `hasDy`
 * also `delta_of(token)`, its `sum(dy * y)`.
 */
export function attentionSubgroups(variant: SubgroupAttentionVariant, { hasDy }: { hasDy: boolean }): string {
  return /* wgsl */ `
${attentionHeads(variant, { hasDy })}
fn vector_of(kind: u32, token: u32, d: u32) -> vec4f {
  return head_vector(kind, min(token, u.tokens - 1), d);
}
${hasDy ? DELTA : ''}`;
}

const DELTA = /* wgsl */ `
fn delta_of(token: u32) -> f32 {
  let start = part_of_y(min(token, u.tokens - 1));
  var sum = 0.0;
  for (var d = 0u; d < u.vectors; d++) {
    sum += dot(read_dy(start, d), read_y(start, d));
  }
  return sum;
}`;

/** The beginning of `main`: the head and sample of this workgroup, and `own`, the four tokens of this lane. */
export function mainOfSubgroup(lanes: number): string {
  return /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
${headPlace(subgroupBlock(lanes))}
  let own = first_row + ${OWN} * lane + vec4u(0, 1, 2, 3);`;
}

/** `let seen0`, `seen1`, ...: which of this lane's four queries see the keys from `first` on. */
export function letSeen({ isMasked, lanes }: SubgroupAttentionVariant): string {
  const mask = (token: string) => `f32(keyMask[sample * u.tokens + min(${token}, u.tokens - 1)])`;
  const isOpen = (n: number) => `first + ${n} < u.tokens${isMasked ? ` && ${ofOther('mask', n, lanes)} == 1` : ''}`;
  return /* wgsl */ `
${isMasked ? letOthers('mask', lanes, mask) : ''}
${others((n) => `    let seen${n} = vec4<bool>(${isOpen(n)}) & (vec4<bool>(u.causal == 0) | (vec4u(first + ${n}) <= own));`)}`;
}

/**
 * Adds to `s0`, `s1`, ... the products of the other tokens with this lane's four, over the whole head, in order, the same in every shader,
 * so that all compute the same scores. For `lanes` others and four numbers of a head a lane loads one vector, and sixteen multiply-adds of
 * vectors follow.
 */
export function addScores(lanes: number, ownKind: string, otherKind: string): string {
  return /* wgsl */ `
    for (var d = 0u; d < u.vectors; d++) {
      let c = transpose(mat4x4f(${[0, 1, 2, 3].map((i) => `vector_of(${ownKind}, own[${i}], d)`).join(', ')}));
${letOthers('r', lanes, (token) => `vector_of(${otherKind}, ${token}, d)`)}
${others((n) => `      { let x = ${ofOther('r', n, lanes)};${addends((k) => `s${n} += x[${k}] * c[${k}];`)} }`)}
    }`;
}

/**
 * `p0`, `p1`, ...: scores, and `s0`, `s1`, ...: products of `dy` with values; for this lane's four tokens, which have the kinds `own`, and
 * the others. One loop for both, because compiling takes long.
 */
export function scoresAndProducts(lanes: number, own: readonly [string, string], other: readonly [string, string]): string {
  const kind = ([ofScores, ofProducts]: readonly [string, string]) => `select(${ofProducts}, ${ofScores}, is_score)`;
  return /* wgsl */ `
${others((n) => `    var p${n} = vec4f();\n    var s${n} = vec4f();`)}
    for (var step = 0u; step < 2; step++) {
      let is_score = step == 0;
${others((n) => `      p${n} = s${n};\n      s${n} = vec4f();`)}
${addScores(lanes, kind(own), kind(other))}
    }`;
}

/** Adds to `sums`, of this lane's four tokens, the other tokens multiplied by the weights `name0`, `name1`, ... */
export function addWeighted(sums: string, name: string, lanes: number, otherKind: string, factor = ''): string {
  return /* wgsl */ `
    for (var d = 0u; d < u.vectors; d++) {
${letOthers('r', lanes, (token) => `vector_of(${otherKind}, ${token}, d)`)}
${lines(4, (k) => `      var sum${k} = ${sums}[d][${k}]${factor};`)}
${others((n) => `      { let x = ${ofOther('r', n, lanes)};${addends((k) => `sum${k} += x[${k}] * ${name}${n};`)} }`)}
      ${sums}[d] = mat4x4f(sum0, sum1, sum2, sum3);
    }`;
}

function addends(addend: (k: number) => string): string {
  return [0, 1, 2, 3].map((k) => ` ${addend(k)}`).join('');
}

/**
 * `var sums`: for the d-th four numbers of a head a matrix, of which each column has one number for this lane's four tokens.
 */
export function sumsOfSubgroup(sums: string): string {
  return `  var ${sums}: array<mat4x4f, VECTORS>;`;
}
