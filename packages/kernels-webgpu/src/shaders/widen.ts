import type { Shader } from '../shader.ts';

/** A float32 copy of float16 values. One value per invocation. */
export const widen: Shader = {
  name: 'widen',
  bindings: () => ({ x: 'read', y: 'write' }),
  uniforms: { count: 'u32' },
  code: () => /* wgsl */ `
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup_index(group, groups) * 256 + lane;
  if (i < u.count) {
    y[i] = y_element(x[i]);
  }
}
`,
};
