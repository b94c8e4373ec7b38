import { concat, slice, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { takeTokens, withoutGradient } from '@vitrail/ops';
import { negativeCosine } from './negative-cosine.ts';

/**
 * Unmasked token alignment: each token that the student kept, and its CLS, is to point where a frozen teacher's does, who sees the whole
 * picture.
 *
 * `loss[b, t] = -cos(student[b, t], teacher[b, t])`, t over the C CLS tokens and the K kept patches, the teacher's being picked out
 *
 * UTA's loss is the mean over all of them, so the CLS counts as much as any patch. Gradients go to the student only. Where no patch is
 * dropped, it is `negativeCosine`.
 *
 * @param student `[B, C + K, E]`: CLS tokens, then kept patches in the order of `keep`
 * @param teacher `[B, C + N, E]`, of the same joint space: as many CLS tokens, then all patches
 * @param keep `[B, K]`, int32, in `[0, N)`: which patches the student kept; `keep` of `patchMask` of `@vitrail/masking`
 * @returns `[B, C + K]`, in [-1, 1]; the caller's
 * @throws `shape-mismatch` when student, teacher and `keep` do not fit together; `invalid-argument` for indices that are not int32 or lie
 *   outside the teacher's patches (the latter is not seen on GPUs)
 * @see "Enhancing Vision-Language Model with Unmasked Token Alignment" (UTA), Liu et al. 2024 (arXiv 2405.19009), section 2.2
 * @example uta(ones([2, 1 + 8, 512]), ones([2, 1 + 16, 512]), zeros([2, 8], 'int32')).shape // [2, 9], each -1
 */
export function uta(student: Tensor3D, teacher: Tensor3D, keep: Tensor2D): Tensor2D {
  requireShape('uta', 'student', student, ['B', 'C + K', 'E']);
  const [batch, tokens, width] = student.shape;
  requireShape('uta', 'keep', keep, [batch, 'K']);
  requireShape('uta', 'teacher', teacher, [batch, 'C + N', width]);
  const clsTokens = tokens - keep.shape[1];
  const patches = teacher.shape[1] - clsTokens;
  if (clsTokens < 0 || patches < 0) {
    throw new VitrailError(
      'shape-mismatch',
      `uta: student has CLS tokens and the ${keep.shape[1]} kept patches, teacher as many CLS tokens and all patches, but [${student.shape.join(', ')}] and [${teacher.shape.join(', ')}] came`,
    );
  }
  return tidy(() => {
    const seen = withoutGradient(() => {
      const cls = slice(teacher, [0, 0, 0], [batch, clsTokens, width]);
      return concat([cls, takeTokens(slice(teacher, [0, clsTokens, 0], [batch, patches, width]), keep)], 1); // [B, C + K, E]
    });
    return negativeCosine<Tensor2D>(student, seen);
  });
}
