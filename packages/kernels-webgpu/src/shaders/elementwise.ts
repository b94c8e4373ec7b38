import type { Shader } from '../shader.ts';

/** Operators of two numbers. */
export type BinaryOperator = '+' | '-' | '*';

/** Elements that an invocation reads at once: 4 only where their count is a multiple of 4. */
type Width = 1 | 4;

/** `y = a operator b`, element by element, either one a single number for all. One value per invocation, or four. */
export const binary: Shader<{ operator: BinaryOperator; width: Width; aSingle: boolean; bSingle: boolean }> = {
  name: 'binary',
  bindings: ({ width, aSingle, bSingle }) => ({
    a: width === 4 && !aSingle ? 'read4' : 'read',
    b: width === 4 && !bSingle ? 'read4' : 'read',
    y: width === 4 ? 'write4' : 'write',
  }),
  uniforms: { count: 'u32' },
  code: ({ operator, width, aSingle, bSingle }) => {
    const type = width === 4 ? 'vec4f' : 'f32';
    return /* wgsl */ `
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, groups) * 256 + lane;
  if (i < u.count) {
    y[i] = y_element(${aSingle ? 'f32(a[0])' : `${type}(a[i])`} ${operator} ${bSingle ? 'f32(b[0])' : `${type}(b[i])`});
  }
}
`;
  },
};

/** Terms that one launch adds up: with the sum they are as many buffers as every device binds. */
export const MOST_TERMS = 7;

/** `y = x0 + x1 + ...`, element by element and in this order. One value per invocation, or four. */
export const sumOfTerms: Shader<{ terms: number; width: Width }> = {
  name: 'sumOfTerms',
  bindings: ({ terms, width }) => ({
    ...Object.fromEntries(Array.from({ length: terms }, (_, term) => [`x${term}`, width === 4 ? 'read4' : 'read'] as const)),
    y: width === 4 ? 'write4' : 'write',
  }),
  uniforms: { count: 'u32' },
  code: ({ terms, width }) => /* wgsl */ `
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, groups) * 256 + lane;
  if (i < u.count) {
    y[i] = y_element(${Array.from({ length: terms }, (_, term) => `${width === 4 ? 'vec4f' : 'f32'}(x${term}[i])`).join(' + ')});
  }
}
`,
};
