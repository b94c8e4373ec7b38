import type { Shader } from '../shader.ts';
import { TABLE_HEADER, tensorTable } from '../wgsl/tensor-table.ts';

/**
 * Words of a row: 0 the first block, 1 the size, 2 to 6 where param, gradient, firstMoment, secondMoment and the outputs begin, 7 the rate, 8
 * the decay. The gate of the table is what gradients are multiplied by first; where it is NaN, parameters and moments are copied.
 */
const WORDS = 9;

/** `direction(p, m, v, row)`: Adam's with both bias corrections, and the decay of the parameter. */
const DIRECTION = /* wgsl */ `
fn direction(p: vec4f, m: vec4f, v: vec4f, row: u32) -> vec4f {
  let adam = m / (sqrt(v) + u.epsilon) * u.factor;
  let decay = bitcast<f32>(table[row + 8]);
  return select(adam + p * decay, adam, decay == 0);
}`;

/**
 * LAMB's moments, and the sums of squares of parameters (first) and directions (second) of each block of 1024 elements: a workgroup per
 * block of one tensor, a vector of four per invocation; its 256 sums are added in halves. What lies past the end of a tensor is padding,
 * which may be written but does not count.
 */
export const lambMoments: Shader = {
  name: 'lambMoments',
  bindings: () => ({
    param: 'read4',
    gradient: 'read4',
    firstMoment: 'read4',
    secondMoment: 'read4',
    newFirstMoment: 'write4',
    newSecondMoment: 'write4',
    sums: 'write',
    table: 'read',
  }),
  uniforms: {
    tensors: 'u32',
    blocks: 'u32',
    beta1: 'f32',
    rest1: 'f32',
    beta2: 'f32',
    rest2: 'f32',
    epsilon: 'f32',
    factor: 'f32',
  },
  code: () => /* wgsl */ `
${tensorTable(WORDS)}
${DIRECTION}
var<workgroup> parts: array<vec2f, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = min(workgroup_index(group, groups), u.blocks - 1); // Those past the end do the last one's work again.
  let row = row_of(block);
  let i = (block - table[row]) * 256 + lane;
  let size = table[row + 1];
  var squares = vec2f();
  if (4 * i < size) {
    let p = param[table[row + 2] + i];
    var m = firstMoment[table[row + 4] + i];
    var v = secondMoment[table[row + 5] + i];
    if (!is_nan(table[0])) {
      let g = gradient[table[row + 3] + i] * bitcast<f32>(table[0]);
      m = m * u.beta1 + g * u.rest1;
      v = v * u.beta2 + g * g * u.rest2;
    }
    newFirstMoment[table[row + 6] + i] = m;
    newSecondMoment[table[row + 6] + i] = v;
    let inside = vec4u(4 * i) + vec4u(0, 1, 2, 3) < vec4u(size);
    let own = select(vec4f(), p, inside);
    let moves = select(vec4f(), direction(p, m, v, row), inside);
    squares = vec2f(dot(own, own), dot(moves, moves));
  }
  parts[lane] = squares;
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
 * What a tensor's direction is multiplied by: `rate ||param|| / ||direction||`, or the rate where either is 0 or nothing decays. A workgroup
 * per tensor; an invocation adds up every 256th sum, and the 256 sums are added in halves.
 */
export const lambLengths: Shader = {
  name: 'lambLengths',
  bindings: () => ({ sums: 'read', lengths: 'write', table: 'read' }),
  uniforms: { tensors: 'u32' },
  code: () => /* wgsl */ `
var<workgroup> parts: array<vec2f, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tensor = min(workgroup_index(group, groups), u.tensors - 1); // Those past the end do the last one's work again.
  let row = ${TABLE_HEADER} + tensor * ${WORDS};
  let blocks = (table[row + 1] + 1023) / 1024;
  var sum = vec2f();
  for (var k = lane; k < blocks; k += 256u) {
    let block = table[row] + k;
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
    let squares = parts[0];
    var ratio = 1.0;
    if (bitcast<f32>(table[row + 8]) != 0 && squares.x > 0 && squares.y > 0) {
      ratio = sqrt(squares.x / squares.y);
    }
    lengths[tensor] = ratio * bitcast<f32>(table[row + 7]);
  }
}
`,
};

/** `p = p - length direction`: a workgroup per block of 1024 elements, a vector of four per invocation. */
export const lambApply: Shader = {
  name: 'lambApply',
  bindings: () => ({
    param: 'read4',
    newFirstMoment: 'read4',
    newSecondMoment: 'read4',
    lengths: 'read',
    newParam: 'write4',
    table: 'read',
  }),
  uniforms: { tensors: 'u32', blocks: 'u32', epsilon: 'f32', factor: 'f32' },
  code: () => /* wgsl */ `
${tensorTable(WORDS)}
${DIRECTION}
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
  let to = table[row + 6] + i;
  if (is_nan(table[0])) {
    newParam[to] = p;
    return;
  }
  newParam[to] = p - direction(p, newFirstMoment[to], newSecondMoment[to], row) * lengths[(row - ${TABLE_HEADER}) / ${WORDS}];
}
`,
};
