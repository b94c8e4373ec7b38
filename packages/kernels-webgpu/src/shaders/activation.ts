import type { Shader } from '../shader.ts';
import { type ActivationKind, activationFunctions } from '../wgsl/activation-functions.ts';

export type { ActivationKind };

/** `y = activation(x)`. One value per invocation. */
export const activation: Shader<{ kind: ActivationKind }> = {
  name: 'activation',
  bindings: () => ({ x: 'read', y: 'write' }),
  uniforms: { count: 'u32' },
  code: ({ kind }) => /* wgsl */ `
${activationFunctions(kind)}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, groups) * 256 + lane;
  if (i < u.count) {
    y[i] = y_element(activation(f32(x[i])).x);
  }
}
`,
};

/** `dx = dy * activation'(x)`. One value per invocation. */
export const activationGrad: Shader<{ kind: ActivationKind }> = {
  name: 'activationGrad',
  bindings: () => ({ dy: 'read', x: 'read', dx: 'write' }),
  uniforms: { count: 'u32' },
  code: ({ kind }) => /* wgsl */ `
${activationFunctions(kind)}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, groups) * 256 + lane;
  if (i < u.count) {
    dx[i] = dx_element(f32(dy[i]) * activation(f32(x[i])).y);
  }
}
`,
};
