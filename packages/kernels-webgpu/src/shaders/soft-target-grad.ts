import type { Shader } from '../shader.ts';
import { numbersAccess } from '../wgsl/row-slices.ts';

/**
 * The gradient by the scores: `scores = dy / studentTemperature * (softmax(scores) - softmax((teacher - center) / teacherTemperature))`,
 * in place, for rows of the student's scores (divided by the temperature) and of the teacher's (not yet).
 *
 * A workgroup takes one token. Its invocations take every 256th number (or vector of four) and keep the largest scores and the sums of
 * `exp(score - largest)` as they go along; these are joined in order through workgroup memory, in two steps of 16. Then they go along the
 * row again. Largest scores begin at the lowest finite number, so that scores of -Infinity give 0.
 */
export const softTargetGrad: Shader<{ vector: boolean; centred: boolean }> = {
  name: 'softTargetGrad',
  bindings: ({ vector }) => ({
    dy: 'read',
    scores: numbersAccess('write', vector),
    teacher: numbersAccess('read', vector),
    center: numbersAccess('read', vector),
  }),
  uniforms: { tokens: 'u32', columns: 'u32', first_token: 'u32', steps: 'u32', student_factor: 'f32', teacher_factor: 'f32' },
  code: ({ vector, centred }) => /* wgsl */ `
alias Numbers = ${vector ? 'vec4f' : 'f32'};
fn total(numbers: Numbers) -> f32 { return ${vector ? '(numbers.x + numbers.y) + (numbers.z + numbers.w)' : 'numbers'}; }
fn largest(numbers: Numbers) -> f32 { return ${vector ? 'max(max(numbers.x, numbers.y), max(numbers.z, numbers.w))' : 'numbers'}; }

const LOWEST = -3.4028234663852886e38f;
// Largest score and sum of the student, and of the teacher.
var<workgroup> lane_sums: array<vec4f, 256>;
var<workgroup> step_sums: array<vec4f, 16>;
const no_sums = vec4f(LOWEST, 0, LOWEST, 0);

fn joined(a: vec4f, b: vec4f) -> vec4f {
  let most = max(a.xz, b.xz);
  let sums = a.yw * exp(a.xz - most) + b.yw * exp(b.xz - most);
  return vec4f(most.x, sums.x, most.y, sums.y);
}
fn teacher_score(row: u32, column: u32) -> Numbers {
  return (Numbers(teacher[row * u.columns + column])${centred ? ' - Numbers(center[column])' : ''}) * u.teacher_factor;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup_index(group, groups);
  if (row >= u.tokens) {
    return;
  }
  let start = row * u.columns;
  var sums = no_sums;
  for (var column = lane; column < u.columns; column += 256) {
    let student_score = Numbers(scores[start + column]);
    let target_score = teacher_score(row, column);
    let most = max(sums.xz, vec2f(largest(student_score), largest(target_score)));
    let added = vec2f(total(exp(student_score - most.x)), total(exp(target_score - most.y)));
    let both = sums.yw * exp(sums.xz - most) + added;
    sums = vec4f(most.x, both.x, most.y, both.y);
  }
  lane_sums[lane] = sums;
  workgroupBarrier();
  if (lane < 16) {
    for (var i = 1u; i < u.steps; i++) {
      sums = joined(sums, lane_sums[lane + 16 * i]);
    }
    step_sums[lane] = sums;
  }
  workgroupBarrier();
  sums = step_sums[0];
  for (var i = 1u; i < u.steps; i++) {
    sums = joined(sums, step_sums[i]);
  }
  let weight = f32(dy[u.first_token + row]) * u.student_factor;
  for (var column = lane; column < u.columns; column += 256) {
    let student_part = exp(Numbers(scores[start + column]) - sums.x) / sums.y;
    let teacher_part = exp(teacher_score(row, column) - sums.z) / sums.w;
    scores[start + column] = scores_element((student_part - teacher_part) * weight);
  }
}
`,
};
