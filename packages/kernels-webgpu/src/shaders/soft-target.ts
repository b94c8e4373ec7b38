import type { Shader } from '../shader.ts';
import { softTargetSums } from '../wgsl/soft-target-sums.ts';

/** How the inputs may be read, and what becomes of the sums. */
export type SoftTargetOptions = {
  /** Whether rows of the student's features are multiples of 4 long, and so on. */
  studentVectors: boolean;
  teacherVectors: boolean;
  prototypeVectors: boolean;
  centred: boolean;
  /** A workgroup sees all prototypes, and writes losses; else it writes sums that {@link softTargetJoin} joins. */
  whole: boolean;
};

/** Tokens, and prototypes, of a tile. */
export const SOFT_TARGET_TILE = 64;

/**
 * Cross-entropy between the softmax distributions of teacher and student over prototypes: `loss[t] = -sum_k P[t, k] log softmax(s[t])[k]`
 * with `s = student / temperature`, `P = softmax((teacher - center) / temperature)`, both products of features `[T, width]` and prototypes
 * `[width, K]`. No score ever leaves the registers.
 *
 * A workgroup takes 64 tokens and a part of the prototypes, which it goes through in blocks of 64. Of each block it computes the student's
 * scores and then the teacher's, both as 4 x 4 values in the registers of each of the 256 invocations, from tiles of 16 deep in workgroup
 * memory (4 KiB of features, 4 KiB of prototypes, `[depth][token or prototype / 4]`, in float32), summed in the order of depth.
 *
 * An invocation then brings its scores into sums of its own for its 4 tokens (see `softTargetSums`), with no barrier. After the last block
 * the sums of the 16 invocations of a token are joined in order through workgroup memory.
 */
export const softTarget: Shader<SoftTargetOptions> = {
  name: 'softTarget',
  bindings: ({ studentVectors, teacherVectors, prototypeVectors }) => ({
    student_features: studentVectors ? 'read4' : 'read',
    student_prototypes: prototypeVectors ? 'read4' : 'read',
    teacher_features: teacherVectors ? 'read4' : 'read',
    teacher_prototypes: prototypeVectors ? 'read4' : 'read',
    center: 'read',
    y: 'write',
  }),
  uniforms: {
    tokens: 'u32',
    prototypes: 'u32',
    student_width: 'u32',
    teacher_width: 'u32',
    splits: 'u32',
    prototypes_per_split: 'u32',
    workgroups: 'u32',
    depth: 'u32',
    student_factor: 'f32',
    teacher_factor: 'f32',
  },
  code: ({ studentVectors, teacherVectors, prototypeVectors, centred, whole }) => /* wgsl */ `
${softTargetSums}
const DEPTH = 16u;
var<workgroup> features: array<vec4f, DEPTH * 16>;
var<workgroup> prototypes: array<vec4f, DEPTH * 16>;
var<workgroup> lane_sums: array<Sums, 256>;

${scoresCode('student', studentVectors, prototypeVectors, 'u.student_factor')}
${scoresCode('teacher', teacherVectors, prototypeVectors, '1')}

// Brings four scores in, those that exist.
fn with_scores(a: Sums, student: vec4f, teacher: vec4f, exist: vec4<bool>) -> Sums {
  let students = select(vec4f(LOWEST), student, exist);
  let teachers = select(vec4f(LOWEST), teacher, exist);
  let student_largest = max(a.student_largest, max(max(students.x, students.y), max(students.z, students.w)));
  let teacher_largest = max(a.teacher_largest, max(max(teachers.x, teachers.y), max(teachers.z, teachers.w)));
  let lowered = select(vec4f(), student - student_largest, exist);
  let student_weights = select(vec4f(), exp(lowered), exist);
  let teacher_weights = select(vec4f(), exp(teacher - teacher_largest), exist);
  let products = teacher_weights * lowered;
  let of_a = exp(a.teacher_largest - teacher_largest);
  return Sums(
    student_largest,
    a.student * exp(a.student_largest - student_largest) + total(student_weights),
    teacher_largest,
    a.teacher * of_a + total(teacher_weights),
    lowered_product(a, student_largest) * of_a + total(products),
  );
}
fn total(four: vec4f) -> f32 {
  return (four.x + four.y) + (four.z + four.w);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = workgroup_index(group, groups);
  if (index >= u.workgroups) {
    return;
  }
  let split = index % u.splits;
  let first_token = index / u.splits * ${SOFT_TARGET_TILE};
  let end = min(u.prototypes, (split + 1) * u.prototypes_per_split);
  var sums: array<Sums, 4>;
  for (var r = 0u; r < 4; r++) {
    sums[r] = no_sums;
  }
  for (var first = split * u.prototypes_per_split; first < end; first += ${SOFT_TARGET_TILE}) {
    let student = student_scores(first_token, first, lane);
    var teacher = teacher_scores(first_token, first, lane);
    let prototype = first + 4 * (lane % 16);
    let exist = prototype + vec4u(0, 1, 2, 3) < vec4u(end);
    ${centred ? CENTER : ''}
    for (var r = 0u; r < 4; r++) {
      sums[r] = with_scores(sums[r], student[r], teacher[r] * u.teacher_factor, exist);
    }
  }
  for (var r = 0u; r < 4; r++) {
    workgroupBarrier();
    lane_sums[lane] = sums[r];
    workgroupBarrier();
    let token = first_token + 4 * lane + r;
    if (lane < 16 && token < u.tokens) {
      var all = no_sums;
      for (var i = 0u; i < u.depth; i++) {
        all = joined(all, lane_sums[lane * 16 + i]);
      }
      ${whole ? 'y[token] = y_element(loss_of(all));' : STORE}
    }
  }
}
`,
};

const CENTER = /* wgsl */ `
    var middle = vec4f();
    for (var i = 0u; i < 4; i++) {
      if (exist[i]) {
        middle[i] = f32(center[prototype + i]);
      }
    }
    teacher = mat4x4f(teacher[0] - middle, teacher[1] - middle, teacher[2] - middle, teacher[3] - middle);`;

const STORE = /* wgsl */ `
      let to = 5 * (split * u.tokens + token);
      y[to] = all.student_largest;
      y[to + 1] = all.student;
      y[to + 2] = all.teacher_largest;
      y[to + 3] = all.teacher;
      y[to + 4] = all.product;`;

/** Joins the sums of the parts of the prototypes, in order. One token per invocation. */
export const softTargetJoin: Shader = {
  name: 'softTargetJoin',
  bindings: () => ({ parts: 'read', loss: 'write' }),
  uniforms: { tokens: 'u32', splits: 'u32' },
  code: () => /* wgsl */ `
${softTargetSums}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let token = workgroup_index(group, groups) * 64 + lane;
  if (token >= u.tokens) {
    return;
  }
  var all = no_sums;
  for (var split = 0u; split < u.splits; split++) {
    let at = 5 * (split * u.tokens + token);
    all = joined(all, Sums(parts[at], parts[at + 1], parts[at + 2], parts[at + 3], parts[at + 4]));
  }
  loss[token] = loss_of(all);
}
`,
};

/**
 * `fn NAME_scores(first_token, first_prototype, lane) -> mat4x4f`: of the tokens `4 (lane / 16) ..+4` from the first on (the columns of
 * what it gives) and the prototypes `4 (lane % 16) ..+4` (the rows). Features are multiplied by `factor` as they are loaded. What lies
 * outside is 0.
 */
function scoresCode(name: 'student' | 'teacher', featureVectors: boolean, prototypeVectors: boolean, factor: string): string {
  const four = (element: (offset: number) => string) => `vec4f(${[0, 1, 2, 3].map(element).join(', ')})`;
  // Four features of four tokens each, turned; or one feature of four tokens.
  const loadFeatures = featureVectors
    ? `if (lane < 64) {
      let token = first_token + 4 * (lane / 4);
      let k = k0 + 4 * (lane % 4);
      let block = transpose(mat4x4f(${[0, 1, 2, 3].map((i) => `${name}_feature(token + ${i}, k)`).join(', ')}));
      let to = 64 * (lane % 4) + lane / 4;
      ${[0, 1, 2, 3].map((i) => `features[to + ${16 * i}] = block[${i}] * ${factor};`).join('\n      ')}
    }`
    : `let token = first_token + 4 * (lane / 16);
    let k = k0 + lane % 16;
    features[(lane % 16) * 16 + lane / 16] = ${four((i) => `${name}_feature(token + ${i}, k)`)} * ${factor};`;
  const prototype = prototypeVectors
    ? `${name}_prototype(k0 + lane / 16, first_prototype + 4 * (lane % 16))`
    : four((i) => `${name}_prototype(k0 + lane / 16, first_prototype + 4 * (lane % 16) + ${i})`);
  const read = (vectors: boolean, binding: string, index: string) =>
    vectors ? `vec4f(${binding}[${index} / 4])` : `f32(${binding}[${index}])`;
  return /* wgsl */ `
fn ${name}_feature(token: u32, k: u32) -> ${featureVectors ? 'vec4f' : 'f32'} {
  if (token >= u.tokens || k >= u.${name}_width) {
    return ${featureVectors ? 'vec4f()' : '0'};
  }
  return ${read(featureVectors, `${name}_features`, `(token * u.${name}_width + k)`)};
}
fn ${name}_prototype(k: u32, prototype: u32) -> ${prototypeVectors ? 'vec4f' : 'f32'} {
  if (prototype >= u.prototypes || k >= u.${name}_width) {
    return ${prototypeVectors ? 'vec4f()' : '0'};
  }
  return ${read(prototypeVectors, `${name}_prototypes`, '(k * u.prototypes + prototype)')};
}
fn ${name}_scores(first_token: u32, first_prototype: u32, lane: u32) -> mat4x4f {
  var scores = mat4x4f();
  for (var k0 = 0u; k0 < u.${name}_width; k0 += DEPTH) {
    workgroupBarrier();
    ${loadFeatures}
    prototypes[lane] = ${prototype};
    workgroupBarrier();
    // u.depth is DEPTH, which compilers need not know: unrolled, the loop takes them long and is no faster.
    for (var k = 0u; k < u.depth; k++) {
      let a = features[k * 16 + lane / 16];
      let b = prototypes[k * 16 + lane % 16];
      scores[0] += a.x * b;
      scores[1] += a.y * b;
      scores[2] += a.z * b;
      scores[3] += a.w * b;
    }
  }
  return scores;
}`;
}
