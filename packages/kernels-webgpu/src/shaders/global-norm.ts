import type { Shader } from '../shader.ts';
import { ADD_UP } from '../wgsl/add-up.ts';
import { tensorTable } from '../wgsl/tensor-table.ts';

/** Elements of a block: sixteen per invocation. */
export const NORM_BLOCK = 4096;

/**
 * The sum of squares of each block of 4096 elements of all tensors of a bucket: a workgroup per block. An invocation adds up four vectors
 * of four that lie a workgroup apart, then its vector; the 256 sums are added in halves. What lies past the end of a tensor does not count.
 *
 * Words of a row: 0 the first block, 1 the size, 2 where the tensor begins.
 */
export const sumsOfSquares: Shader = {
  name: 'sumsOfSquares',
  bindings: () => ({ x: 'read4', table: 'read', sums: 'write' }),
  uniforms: { tensors: 'u32', blocks: 'u32', first: 'u32' },
  code: () => /* wgsl */ `
${tensorTable(3)}
${ADD_UP}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = workgroup_index(group, groups);
  if (block >= u.blocks) {
    return;
  }
  let row = row_of(block);
  let size = table[row + 1];
  let start = (block - table[row]) * 1024;
  var sum = vec4f();
  for (var k = 0u; k < 4; k++) {
    let i = start + k * 256 + lane;
    if (4 * i < size) {
      let inside = vec4u(4 * i) + vec4u(0, 1, 2, 3) < vec4u(size);
      let value = select(vec4f(), x[table[row + 2] + i], inside);
      sum += value * value;
    }
  }
  let total = add_up((sum.x + sum.y) + (sum.z + sum.w), lane);
  if (lane == 0) {
    sums[u.first + block] = total;
  }
}
`,
};

/**
 * `norm = sqrt(sum of all sums)`: one workgroup. An invocation adds up every 256th vector of four, then its vector; the 256 sums are added
 * in halves. So at most as many numbers are added in a row as there are millions of elements.
 */
export const normOfSums: Shader = {
  name: 'normOfSums',
  bindings: () => ({ sums: 'read', norm: 'write' }),
  uniforms: { count: 'u32' },
  code: () => /* wgsl */ `
${ADD_UP}
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = vec4f();
  for (var i = 4 * lane; i < u.count; i += 1024u) {
    for (var k = 0u; k < 4; k++) {
      if (i + k < u.count) {
        sum[k] += sums[i + k];
      }
    }
  }
  let total = add_up((sum.x + sum.y) + (sum.z + sum.w), lane);
  if (lane == 0) {
    norm[0] = sqrt(total);
  }
}
`,
};
