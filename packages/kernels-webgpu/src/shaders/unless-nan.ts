import type { Shader } from '../shader.ts';
import { tensorTable } from '../wgsl/tensor-table.ts';

/**
 * All tensors of a bucket copied from `next`, or, where the gate of the table is NaN, from `previous`, bit by bit: a workgroup per block of
 * 1024 elements of one tensor, a vector of four per invocation. What lies past the end of a tensor is padding, which may be written.
 *
 * Words of a row: 0 the first block, 1 the size, 2 to 4 where next, previous and the output begin.
 */
export const unlessNaN: Shader = {
  name: 'unlessNaN',
  bindings: () => ({ next: 'read4', previous: 'read4', chosen: 'write4', table: 'read' }),
  uniforms: { tensors: 'u32', blocks: 'u32' },
  code: () => /* wgsl */ `
${tensorTable(5)}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = workgroup_index(group, groups);
  if (block >= u.blocks) {
    return;
  }
  let row = row_of(block);
  let i = (block - table[row]) * 256 + lane;
  if (4 * i >= table[row + 1]) {
    return;
  }
  let to = table[row + 4] + i;
  if (is_nan(table[0])) {
    chosen[to] = previous[table[row + 3] + i];
  } else {
    chosen[to] = next[table[row + 2] + i];
  }
}
`,
};
