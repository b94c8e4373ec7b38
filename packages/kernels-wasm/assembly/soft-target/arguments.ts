/** A launch over the tokens `[firstToken, endToken)`; what is not for a kernel is 0. Every field is 32 bits. */
@unmanaged
export class SoftTarget {
  /** `[T, d]` and `[T, e]`. */
  features: usize;
  teacherFeatures: usize;
  /** The prototypes `[d, K]` and `[e, K]`, packed as right-hand sides of a product. */
  packed: usize;
  teacherPacked: usize;
  /** 0, or `[K]`. */
  center: usize;
  firstToken: i32;
  endToken: i32;
  width: i32;
  teacherWidth: i32;
  prototypes: i32;
  /** Tokens of a task. */
  rowBlock: i32;
  /** `[T]`: the loss; in the gradient, what it is multiplied by. */
  loss: usize;
  /** The student's prototypes turned, `[K, d]`, packed. */
  packedTurned: usize;
  /** `[endToken - firstToken, K]`. */
  dScores: usize;
  dFeatures: usize;
  /** `[d, K]`, and whether what is there is added to. */
  dPrototypes: usize;
  accumulate: i32;
  /** 1 / temperature. */
  studentFactor: f32;
  teacherFactor: f32;
}
