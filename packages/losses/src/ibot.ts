import { cast, reshape, type Tensor, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { type PrototypeScores, softTargetCrossEntropy } from '@vitrail/ops';
import { sampleMeans } from './masked-mean.ts';
import type { TeacherScores } from './teacher-scores.ts';

/**
 * iBOT++, the patch loss of TIPSv2: the student, who sees the picture with patches hidden, is asked for what the teacher makes of *every*
 * patch of the whole picture, hidden or not.
 *
 * `loss[b, i] = -sum_k P_t[b N + i, k] log P_s[b N + i, k]`, of
 * `P_t = softmax((scores - center) / temperature)`, `P_s = softmax(scores / temperature)`
 *
 * Gradients go to the student only. The paper sums over patches (eq. 3); take the mean over all N for the paper's weights of the losses:
 * `mean = r mean_masked + (1 - r) mean_visible`, r the share of hidden patches. `maskedMean` gives the two parts.
 *
 * @param student scores of the patches of the masked picture: features `[B N, d]`, the N patches of a sample one after the other;
 *   prototypes `[d, K]`
 * @param teacher scores of the same patches of the whole picture: features `[B N, e]`, prototypes `[e, K]`, and the center `[K]` of
 *   earlier steps
 * @param options `tokens`: N, a whole number of at least 1
 * @returns `[B, N]`, in nats; the caller's
 * @throws `invalid-argument` for N; `shape-mismatch` when scores do not fit together or are not a multiple of N
 * @see "TIPSv2", arXiv 2604.12012, section 3.3, eq. 3
 * @example
 * ibotPlusPlus(
 *   { ...applyPrototypeHead(head, masked), temperature: 0.1 }, // masked: [32 * 256, 768]
 *   { ...applyPrototypeHead(teacherHead, whole), center, temperature: 0.04 }, // whole: [32 * 256, 768]
 *   { tokens: 256 },
 * ).shape // [32, 256]
 */
export function ibotPlusPlus(student: PrototypeScores, teacher: TeacherScores, { tokens }: { tokens: number }): Tensor2D {
  return perToken('ibotPlusPlus', student, teacher, tokens);
}

/**
 * iBOT, the patch loss of TIPS: as {@link ibotPlusPlus}, but only hidden patches count. Per sample, the mean over its hidden patches:
 *
 * `loss[b] = sum_i m[b, i] ce[b, i] / max(sum_i m[b, i], 1)`, so 0 for a sample of which nothing is hidden
 *
 * The cross-entropy of visible patches is computed and dropped: which they are is not read back from the device.
 *
 * @param student as for {@link ibotPlusPlus}
 * @param teacher as for {@link ibotPlusPlus}
 * @param options `tokens`: N; `mask` `[B, N]`: 1 for a hidden patch, else 0, of any type
 * @returns `[B]`, in nats; the caller's
 * @throws `invalid-argument` for N; `shape-mismatch` when scores and mask do not fit together
 * @see "iBOT: Image BERT Pre-Training with Online Tokenizer", Zhou et al. 2022 (arXiv 2111.07832), L_MIM; code bytedance/ibot,
 *   `main_ibot.py`; "TIPSv2", arXiv 2604.12012, eq. 2
 * @example ibot(student, teacher, { tokens: 256, mask: zeros([32, 256]) }).shape // [32], each 0
 */
export function ibot(
  student: PrototypeScores,
  teacher: TeacherScores,
  { tokens, mask }: { tokens: number; mask: Tensor },
): Tensor1D {
  requireTokens('ibot', tokens);
  requireShape('ibot', 'mask', mask, ['B', tokens]);
  requireShape('ibot', 'student.features', student.features, [mask.shape[0] * tokens, 'd']);
  return tidy(() => {
    const losses = perToken('ibot', student, teacher, tokens); // [B, N]
    return sampleMeans(losses, cast(mask, 'float32'));
  });
}

function perToken(what: string, student: PrototypeScores, teacher: TeacherScores, tokens: number): Tensor2D {
  requireTokens(what, tokens);
  requireShape(what, 'student.features', student.features, ['B N', 'd']);
  const count = student.features.shape[0];
  if (count % tokens !== 0) {
    throw new VitrailError(
      'shape-mismatch',
      `${what}: student.features has ${tokens} rows per sample, but ${count} rows are no multiple of that`,
    );
  }
  return tidy(() => reshape(softTargetCrossEntropy(student, teacher), [count / tokens, tokens]));
}

function requireTokens(what: string, tokens: number): void {
  if (!(Number.isInteger(tokens) && tokens >= 1)) {
    throw new VitrailError('invalid-argument', `${what}: tokens is a whole number of at least 1, but ${tokens} came`);
  }
}
