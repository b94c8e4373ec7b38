import type { Shader } from '../shader.ts';
import { ADAFACTOR_BLOCK, ADAFACTOR_WORDS, adafactorTable } from '../wgsl/adafactor-table.ts';
import { TABLE_HEADER } from '../wgsl/tensor-table.ts';

/** `direction(at, i)`: the gradient over the root of its second moment, for element `i` of the tensor with the row `at`. */
const DIRECTION = /* wgsl */ `
fn direction(at: u32, i: u32) -> f32 {
  let g = gradient[table[at + GRADIENT] + i] * bitcast<f32>(table[0]);
  let columns = table[at + COLUMNS];
  let row_factor = inverseSqrt(newRowMoments[table[at + NEW_ROW_MOMENTS] + i / columns]);
  if (table[at + IS_MATRIX] == 0) {
    return g * row_factor;
  }
  let matrix = i / (columns * table[at + ROWS]);
  let column_factor = inverseSqrt(newColumnMoments[table[at + NEW_COLUMN_MOMENTS] + matrix * columns + i % columns]);
  return g * (row_factor * sqrt(means[table[at + FIRST_MATRIX] + matrix])) * column_factor;
}`;

/**
 * The sums of squares of directions (first) and parameters (second) of each block of 1024 elements: a workgroup per block. An invocation
 * adds up four elements that lie a workgroup apart, and the 256 sums are added in halves.
 */
export const adafactorSquares: Shader = {
  name: 'adafactorSquares',
  bindings: () => ({
    gradient: 'read',
    param: 'read',
    newRowMoments: 'read',
    newColumnMoments: 'read',
    means: 'read',
    sums: 'write',
    table: 'read',
  }),
  uniforms: { tensors: 'u32', blocks: 'u32' },
  code: () => /* wgsl */ `
${adafactorTable('firstBlock')}
${DIRECTION}
var<workgroup> parts: array<vec2f, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = min(workgroup_index(group, groups), u.blocks - 1); // Those past the end do the last one's work again.
  let at = row_of(block);
  let start = (block - table[at + FIRST_BLOCK]) * ${ADAFACTOR_BLOCK};
  var sum = vec2f();
  for (var k = 0u; k < ${ADAFACTOR_BLOCK}; k += 256u) {
    let i = start + k + lane;
    if (i < table[at + SIZE]) {
      let value = vec2f(direction(at, i), param[table[at + PARAM] + i]);
      sum += value * value;
    }
  }
  parts[lane] = sum;
  for (var half = 128u; half > 0; half /= 2) {
    workgroupBarrier();
    if (lane < half) {
      parts[lane] += parts[lane + half];
    }
  }
  if (lane == 0) {
    sums[2 * block] = parts[0].x;
    sums[2 * block + 1] = parts[0].y;
  }
}
`,
};

/**
 * What a tensor's direction is multiplied by: `rate / max(1, rms(direction) / threshold)`, times `max(1e-3, rms(param))` if so asked. A
 * workgroup per tensor; an invocation adds up every 256th sum, and the 256 sums are added in halves.
 */
export const adafactorLengths: Shader = {
  name: 'adafactorLengths',
  bindings: () => ({ sums: 'read', lengths: 'write', table: 'read' }),
  uniforms: { tensors: 'u32', clips: 'u32', threshold: 'f32', scalesByParameter: 'u32' },
  code: () => /* wgsl */ `
${adafactorTable('firstBlock')}
var<workgroup> parts: array<vec2f, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tensor = min(workgroup_index(group, groups), u.tensors - 1); // Those past the end do the last one's work again.
  let at = ${TABLE_HEADER} + tensor * ${ADAFACTOR_WORDS.length};
  let size = table[at + SIZE];
  let blocks = (size + ${ADAFACTOR_BLOCK - 1}) / ${ADAFACTOR_BLOCK};
  var sum = vec2f();
  for (var k = lane; k < blocks; k += 256u) {
    let block = table[at + FIRST_BLOCK] + k;
    sum += vec2f(sums[2 * block], sums[2 * block + 1]);
  }
  parts[lane] = sum;
  for (var half = 128u; half > 0; half /= 2) {
    workgroupBarrier();
    if (lane < half) {
      parts[lane] += parts[lane + half];
    }
  }
  if (lane == 0) {
    let rms = sqrt(parts[0] / f32(size));
    var length = bitcast<f32>(table[at + RATE]);
    // Comparisons, and not max: what is NaN stays so.
    if (u.clips == 1) {
      let ratio = rms.x / u.threshold;
      length /= select(ratio, 1, ratio < 1);
    }
    if (u.scalesByParameter == 1) {
      length *= select(rms.y, 1e-3, rms.y < 1e-3);
    }
    lengths[tensor] = length;
  }
}
`,
};

/**
 * `p = p - rate decay p - length direction`: a workgroup per block of 1024 elements, four per invocation, a workgroup apart. Where the gate is
 * NaN, parameters are copied.
 */
export const adafactorApply: Shader = {
  name: 'adafactorApply',
  bindings: () => ({
    gradient: 'read',
    param: 'read',
    newRowMoments: 'read',
    newColumnMoments: 'read',
    means: 'read',
    lengths: 'read',
    newParam: 'write',
    table: 'read',
  }),
  uniforms: { tensors: 'u32', blocks: 'u32' },
  code: () => /* wgsl */ `
${adafactorTable('firstBlock')}
${DIRECTION}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = workgroup_index(group, groups);
  if (block >= u.blocks) {
    return;
  }
  let at = row_of(block);
  let length = lengths[(at - ${TABLE_HEADER}) / ${ADAFACTOR_WORDS.length}];
  let start = (block - table[at + FIRST_BLOCK]) * ${ADAFACTOR_BLOCK};
  for (var k = 0u; k < ${ADAFACTOR_BLOCK}; k += 256u) {
    let i = start + k + lane;
    if (i < table[at + SIZE]) {
      let p = param[table[at + PARAM] + i];
      let to = table[at + NEW_PARAM] + i;
      if (is_nan(table[0])) {
        newParam[to] = p;
      } else {
        newParam[to] = p * bitcast<f32>(table[at + KEEP]) - direction(at, i) * length;
      }
    }
  }
}
`,
};
