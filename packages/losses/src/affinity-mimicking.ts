import { add, exp, mul, type Scalar, type Tensor1D, type Tensor2D, tidy, transpose } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import { type PrototypeScores, softTargetCrossEntropy, withoutGradient } from '@vitrail/ops';
import { type Gather, type UnitRows, unitRows } from './gather.ts';
import { requirePairs } from './require-pairs.ts';

/** Features of one batch of pairs in the joint space of a model, `[B, D]` each and of any length, and the log of its inverse temperature. */
export type PairFeatures = { readonly images: Tensor2D; readonly texts: Tensor2D; readonly logitScale: Scalar };

/**
 * Affinity mimicking: a student is to find the texts of a batch as near to an image, and its images as near to a text, as its teacher
 * does. The joint spaces of the two may differ in width.
 *
 * `loss[i] = (CE(At_I2T[i], As_I2T[i]) + CE(At_T2I[i], As_T2I[i])) / 2`, `CE(p, q) = -sum_j p_j log q_j`,
 * `A_I2T[i] = softmax_j(s u_i . v_j)`, `A_T2I[i] = softmax_j(s v_i . u_j)`, `s = exp(logitScale)`, u and v unit rows of images and texts
 *
 * Gradients go to the student only. It is at least the entropy of the teacher's rows. The paper adds the two directions, its code takes
 * their mean, as here.
 *
 * @param student features and temperature
 * @param teacher features and temperature, of the same pairs
 * @param options `gather`: each row of affinities then goes over the batches of all workers, and the mean over workers is that of the
 *   whole batch; none by default. It is called for the student's images and texts, then for the teacher's
 * @returns `[B]`, in nats, at least 0; the caller's
 * @throws `shape-mismatch` when images, texts, student and teacher do not pair up, or what is gathered cannot hold the rows of this rank;
 *   `invalid-argument` for an empty batch
 * @see "TinyCLIP: CLIP Distillation via Affinity Mimicking and Weight Inheritance", Wu et al. 2023 (arXiv 2309.12314), section 3.1; code
 *   microsoft/Cream, `TinyCLIP/src/open_clip/clip_soft_loss.py`
 * @example affinityMimicking(student, teacher).shape // [32]
 */
export function affinityMimicking(student: PairFeatures, teacher: PairFeatures, { gather }: { gather?: Gather } = {}): Tensor1D {
  requirePairs('affinityMimicking', student.images, student.texts, student.logitScale);
  requirePairs('affinityMimicking', teacher.images, teacher.texts, teacher.logitScale);
  requireShape('affinityMimicking', 'teacher.images', teacher.images, [student.images.shape[0], 'D']);
  return tidy(() => {
    const own = bothAffinities(student, gather);
    const goals = withoutGradient(() => bothAffinities(teacher, gather));
    return mul(
      0.5,
      add(softTargetCrossEntropy(own.ofImages, goals.ofImages), softTargetCrossEntropy(own.ofTexts, goals.ofTexts)),
    );
  });
}

function bothAffinities({ images, texts, logitScale }: PairFeatures, gather: Gather | undefined) {
  const u = unitRows('affinityMimicking', images, gather);
  const v = unitRows('affinityMimicking', texts, gather);
  const scale = exp(logitScale);
  return { ofImages: affinities(u, v, scale), ofTexts: affinities(v, u, scale) };
}

/** The logits of the affinities of `from` to `to`, not multiplied out. */
function affinities(from: UnitRows, to: UnitRows, scale: Scalar): PrototypeScores {
  return { features: mul(from.own, scale), prototypes: transpose(to.all), temperature: 1 };
}
