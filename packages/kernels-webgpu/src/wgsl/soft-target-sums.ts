/**
 * What is known of a token after some of its prototypes, for distributions that are never whole in memory:
 *
 * `struct Sums`: the largest scores of student and teacher so far, the sums of `exp(score - largest)`, and for the loss the sum of
 * `exp(teacher - teacher_largest) * (student - student_largest)`; `no_sums` before the first prototype; and
 *
 * - `fn joined(a: Sums, b: Sums) -> Sums`: of the prototypes of both
 * - `fn loss_of(a: Sums) -> f32`: `-sum P log softmax(student)` once all prototypes are in.
 *
 * The largest scores begin at the lowest finite number, so that scores of -Infinity give 0 and no NaN as long as another is above. Other
 * infinities and NaN come through.
 */
export const softTargetSums = /* wgsl */ `
const LOWEST = -3.4028234663852886e38f;
struct Sums { student_largest: f32, student: f32, teacher_largest: f32, teacher: f32, product: f32 }
const no_sums = Sums(LOWEST, 0, LOWEST, 0, 0);

// The product once the student's scores are lowered by another number. Nothing in it stays nothing, however far LOWEST is.
fn lowered_product(a: Sums, student_largest: f32) -> f32 {
  return a.product + select(a.teacher * (a.student_largest - student_largest), 0, a.teacher == 0);
}
fn joined(a: Sums, b: Sums) -> Sums {
  let student_largest = max(a.student_largest, b.student_largest);
  let teacher_largest = max(a.teacher_largest, b.teacher_largest);
  let of_a = exp(a.teacher_largest - teacher_largest);
  let of_b = exp(b.teacher_largest - teacher_largest);
  return Sums(
    student_largest,
    a.student * exp(a.student_largest - student_largest) + b.student * exp(b.student_largest - student_largest),
    teacher_largest,
    a.teacher * of_a + b.teacher * of_b,
    lowered_product(a, student_largest) * of_a + lowered_product(b, student_largest) * of_b,
  );
}
fn loss_of(a: Sums) -> f32 {
  // All of the student's scores are -Infinity: NaN, by 0 / 0, since not every device gives log(0).
  let log_sum = select(log(a.student), a.student / a.student, a.student == 0);
  return log_sum - a.product / a.teacher;
}`;
