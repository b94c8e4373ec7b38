import type { Shader } from '../shader.ts';
import { tensorTable } from '../wgsl/tensor-table.ts';

/**
 * `momentum * average + (1 - momentum) * current` over all tensors of a bucket: a workgroup per block of 1024 elements of one tensor, a
 * vector of four per invocation. What lies past the end of a tensor is padding, which may be written.
 *
 * Words of a row: 0 the first block, 1 the size, 2 to 4 where average, current and the output begin.
 */
export const ema: Shader = {
  name: 'ema',
  bindings: () => ({ average: 'read4', current: 'read4', newAverage: 'write4', table: 'read' }),
  uniforms: { tensors: 'u32', blocks: 'u32', momentum: 'f32', rest: 'f32' },
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
  newAverage[table[row + 4] + i] = u.momentum * average[table[row + 2] + i] + u.rest * current[table[row + 3] + i];
}
`,
};
