import { reshape, type Tensor1D, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { applyPrototypeHead, type PrototypeHeadParams } from '@vitrail/heads';
import type { TeacherScores } from '@vitrail/losses';
import { withoutGradient } from '@vitrail/ops';
import { requireRange, requireWhole } from '@vitrail/train';

/** Projection heads to prototypes; shapes as in DINO and iBOT. */
export type PrototypeHeadSection = {
  hidden: number;
  bottleneck: number;
  prototypes: number;
  /** Steps at the start during which the prototypes are not trained (DINO: the first epoch). */
  frozenSteps: number;
};

/** How sharp the scores of student and teacher are, and how slow the centres. */
export type SharpeningSection = {
  studentTemperature: number;
  /** From one to the other along a straight line over `steps`, then constant. */
  teacherTemperature: { from: number; to: number; steps: number };
  /** Share of the old centre that is kept at every step. */
  centerMomentum: number;
};

/** The average that a teacher is. */
export type TeacherSection = {
  /** From one to the other along half a cosine over the whole run. */
  momentum: { from: number; to: number };
};

/** What the configuration of a system has whose teacher is an average of its student. */
export type SelfDistillation = { heads: PrototypeHeadSection; loss: SharpeningSection; teacher: TeacherSection };

/** Throws `invalid-argument` naming the first setting of heads, temperatures and averages that cannot be. */
export function requireSelfDistillation({ heads, loss, teacher }: SelfDistillation): void {
  requireSharpening({ heads, loss });
  requireRange('teacher.momentum.from', teacher.momentum.from, 0, 1);
  requireRange('teacher.momentum.to', teacher.momentum.to, 0, 1);
}

/** Throws `invalid-argument` naming the first setting of heads and temperatures that cannot be. */
export function requireSharpening({ heads, loss }: Pick<SelfDistillation, 'heads' | 'loss'>): void {
  requireRange('loss.studentTemperature', loss.studentTemperature, 1e-3, 10);
  requireRange('loss.teacherTemperature.from', loss.teacherTemperature.from, 1e-3, 10);
  requireRange('loss.teacherTemperature.to', loss.teacherTemperature.to, 1e-3, 10);
  requireWhole('loss.teacherTemperature.steps', loss.teacherTemperature.steps, 0);
  requireRange('loss.centerMomentum', loss.centerMomentum, 0, 1);
  requireWhole('heads.hidden', heads.hidden, 1);
  requireWhole('heads.bottleneck', heads.bottleneck, 1);
  requireWhole('heads.prototypes', heads.prototypes, 2);
  requireWhole('heads.frozenSteps', heads.frozenSteps, 0);
}

/**
 * What a teacher's head makes of tokens, as the target of a loss: `softmax((h(x) - center) / temperature)`, which no gradient reaches.
 *
 * @param tokens `[T, D]`
 * @param center running mean of earlier scores, `[K]`; `updateCenter(center, target, momentum)` is that of the next step
 * @returns what the losses take for the teacher
 * @see "DINO", Caron et al. 2021 (arXiv 2104.14294), section 3.1, centring and sharpening
 */
export function distillationTarget(
  head: PrototypeHeadParams,
  tokens: Tensor2D,
  center: Tensor1D,
  temperature: number,
): TeacherScores & { center: Tensor1D } {
  return { ...withoutGradient(() => applyPrototypeHead(head, tokens)), center, temperature };
}

/** Which parameters are trained at a step: the prototypes of every head rest at the start, as in DINO. */
export function prototypesRest({ frozenSteps }: PrototypeHeadSection): (path: string, step: number) => boolean {
  return (path, step) => step >= frozenSteps || !/^heads\.\w+\.prototypes\./.test(path);
}

/** The tokens of all samples one below the other: `[B, N, D] -> [B N, D]`. */
export function tokenRows(tokens: Tensor3D): Tensor2D {
  return reshape(tokens, [tokens.shape[0] * tokens.shape[1], tokens.shape[2]]);
}
