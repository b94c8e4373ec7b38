import type { Shader } from '../shader.ts';
import { tensorTable } from '../wgsl/tensor-table.ts';

/**
 * AdamW over all tensors of a bucket: a workgroup per block of 1024 elements of one tensor, a vector of four per invocation. What lies
 * past the end of a tensor is padding, which may be written.
 *
 * The gate of the table is what gradients are multiplied by first; where it is NaN, parameters and moments are copied as they are.
 *
 * Words of a row: 0 the first block, 1 the size, 2 to 6 where param, gradient, firstMoment, secondMoment and the outputs begin, 7
 * `1 - rate decay`, 8 `rate sqrt(1 - beta2^t) / (1 - beta1^t)`.
 */
export const adamw: Shader = {
  name: 'adamw',
  bindings: () => ({
    param: 'read4',
    gradient: 'read4',
    firstMoment: 'read4',
    secondMoment: 'read4',
    newParam: 'write4',
    newFirstMoment: 'write4',
    newSecondMoment: 'write4',
    table: 'read',
  }),
  uniforms: { tensors: 'u32', blocks: 'u32', beta1: 'f32', rest1: 'f32', beta2: 'f32', rest2: 'f32', epsilon: 'f32' },
  code: () => /* wgsl */ `
${tensorTable(9)}
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
  let p = param[table[row + 2] + i];
  let m = firstMoment[table[row + 4] + i];
  let v = secondMoment[table[row + 5] + i];
  let to = table[row + 6] + i;
  if (is_nan(table[0])) {
    newParam[to] = p;
    newFirstMoment[to] = m;
    newSecondMoment[to] = v;
    return;
  }
  let g = gradient[table[row + 3] + i] * bitcast<f32>(table[0]);
  let next_m = m * u.beta1 + g * u.rest1;
  let next_v = v * u.beta2 + g * g * u.rest2;
  let direction = next_m / (sqrt(next_v) + u.epsilon);
  newParam[to] = p * bitcast<f32>(table[row + 7]) - direction * bitcast<f32>(table[row + 8]);
  newFirstMoment[to] = next_m;
  newSecondMoment[to] = next_v;
}
`,
};
