import type { Shader } from '../shader.ts';
import { activationFunctions } from '../wgsl/activation-functions.ts';

/** `y = silu(gate) value`. One value per invocation. */
export const swiglu: Shader = {
  name: 'swiglu',
  bindings: () => ({ gate: 'read', value: 'read', y: 'write' }),
  uniforms: { count: 'u32' },
  code: () => /* wgsl */ `
${activationFunctions('silu')}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, groups) * 256 + lane;
  if (i < u.count) {
    y[i] = y_element(activation(f32(gate[i])).x * f32(value[i]));
  }
}
`,
};

/** `dGate = dy value silu'(gate)` and `dValue = dy silu(gate)`. One value of each per invocation. */
export const swigluGrad: Shader = {
  name: 'swigluGrad',
  bindings: () => ({ dy: 'read', gate: 'read', value: 'read', dGate: 'write', dValue: 'write' }),
  uniforms: { count: 'u32' },
  code: () => /* wgsl */ `
${activationFunctions('silu')}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, groups) * 256 + lane;
  if (i < u.count) {
    let opened = activation(f32(gate[i]));
    let slope = f32(dy[i]);
    dGate[i] = dGate_element(slope * f32(value[i]) * opened.y);
    dValue[i] = dValue_element(slope * opened.x);
  }
}
`,
};
