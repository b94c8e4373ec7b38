import { cast, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import { sampleMeans } from './masked-mean.ts';
import { negativeCosine } from './negative-cosine.ts';

/**
 * Masked image modelling on features, as in EVA: the student, whose hidden patches were replaced by mask tokens, is to point where the
 * teacher, who sees the whole picture, points at those patches. Per sample, the mean over its hidden patches:
 *
 * `loss[b] = -sum_i m[b, i] cos(student[b, i], teacher[b, i]) / max(sum_i m[b, i], 1)`, so 0 for a sample of which nothing is hidden
 *
 * Gradients go to the student only, to none of its visible patches.
 *
 * @param student `[B, N, E]`, patches only
 * @param teacher `[B, N, E]`, the same patches of the whole picture
 * @param mask `[B, N]`: 1 for a hidden patch, else 0, of any type
 * @returns `[B]`, in [-1, 1]; the caller's
 * @throws `shape-mismatch` when student, teacher and mask do not fit together
 * @see "EVA", Fang et al. 2023 (arXiv 2211.07636), section 2.1; code baaivision/EVA, `engine_for_pretraining.py`; "Enhancing Vision-Language
 *   Model with Unmasked Token Alignment" (UTA), Liu et al. 2024 (arXiv 2405.19009), table 6
 * @example maskedCosine(ones([2, 16, 512]), ones([2, 16, 512]), ones([2, 16])).shape // [2], each -1
 */
export function maskedCosine(student: Tensor3D, teacher: Tensor3D, mask: Tensor): Tensor1D {
  requireShape('maskedCosine', 'student', student, ['B', 'N', 'E']);
  requireShape('maskedCosine', 'teacher', teacher, student.shape);
  requireShape('maskedCosine', 'mask', mask, student.shape.slice(0, 2));
  return tidy(() => sampleMeans(negativeCosine<Tensor2D>(student, teacher), cast(mask, 'float32')));
}
