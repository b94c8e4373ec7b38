import type { Shader } from '../shader.ts';

/**
 * The sum of the rows of a matrix; its first `split` columns go to `first`, the others to `second`.
 *
 * A workgroup takes 32 columns; 8 invocations share each of them and take every eighth row, in order. Their sums are added in order through
 * workgroup memory.
 */
export const sumRows: Shader = {
  name: 'sumRows',
  bindings: () => ({ x: 'read', first: 'write', second: 'write' }),
  uniforms: { rows: 'u32', columns: 'u32', split: 'u32' },
  code: () => /* wgsl */ `
var<workgroup> sums: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = workgroup_index(group, groups) * 32 + lane % 32;
  var sum = 0f;
  if (column < u.columns) {
    for (var row = lane / 32; row < u.rows; row += 8) {
      sum += f32(x[row * u.columns + column]);
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane < 32 && column < u.columns) {
    for (var other = 1u; other < 8; other++) {
      sum += sums[other * 32 + lane];
    }
    if (column < u.split) {
      first[column] = first_element(sum);
    } else {
      second[column - u.split] = second_element(sum);
    }
  }
}
`,
};
