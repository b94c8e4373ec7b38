import { expandDims, type Rank, reshape, type Tensor2D, tidy, tile } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { type PrototypeScores, softTargetCrossEntropy } from '@vitrail/ops';
import type { TeacherScores } from './teacher-scores.ts';

/**
 * Global self-distillation: cross-entropy between what the teacher makes of a whole picture and what the student makes of each of M
 * crops.
 *
 * `loss[b, j] = -sum_k P_t[b, k] log P_s[b M + j, k]`, of
 * `P_t = softmax((scores - center) / temperature)`, `P_s = softmax(scores / temperature)`
 *
 * Gradients go to the student only. The paper of TIPSv2 sums over crops (eq. 1), DINO's code takes the mean; take the mean for the
 * paper's weights of the losses. Deviation from DINO: there is no term between whole crops (as in TIPSv2, where there is one).
 *
 * @param student scores of the crops' CLS tokens: features `[B M, d]`, the M crops of a sample one after the other; prototypes `[d, K]`
 * @param teacher scores of the whole pictures' CLS tokens: features `[B, e]`, prototypes `[e, K]`, and the center `[K]` of earlier steps
 * @param options `crops`: M, a whole number of at least 1
 * @returns `[B, M]`, in nats; the caller's
 * @throws `invalid-argument` for M; `shape-mismatch` when scores do not fit together
 * @see "TIPSv2", arXiv 2604.12012, eq. 1; "Emerging Properties in Self-Supervised Vision Transformers" (DINO), Caron et al. 2021
 *   (arXiv 2104.14294), eq. 3
 * @example
 * dino(
 *   { ...applyPrototypeHead(head, crops), temperature: 0.1 }, // crops: [32 * 6, 768]
 *   { ...applyPrototypeHead(teacherHead, whole), center, temperature: 0.04 }, // whole: [32, 768]
 *   { crops: 6 },
 * ).shape // [32, 6]
 */
export function dino(student: PrototypeScores, teacher: TeacherScores, { crops }: { crops: number }): Tensor2D {
  if (!(Number.isInteger(crops) && crops >= 1)) {
    throw new VitrailError('invalid-argument', `dino: crops is a whole number of at least 1, but ${crops} came`);
  }
  requireShape('dino', 'teacher.features', teacher.features, ['B', 'e']);
  const [samples, width] = teacher.features.shape;
  requireShape('dino', 'student.features', student.features, [samples * crops, 'd']);
  return tidy(() => {
    // One row per crop: the targets are made again for every crop, which is little for single tokens.
    const repeated = tile(expandDims(teacher.features, 1), [1, crops, 1]); // [B, M, e]
    const features = reshape<Rank.R2>(repeated, [samples * crops, width]);
    return reshape(softTargetCrossEntropy(student, { ...teacher, features }), [samples, crops]);
  });
}
