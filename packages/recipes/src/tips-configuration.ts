import { VitrailError } from '@vitrail/core';
import type { TeacherPolicy } from '@vitrail/ema';
import { requireChoice, requireRange, requireWhole } from '@vitrail/train';
import type { DualEncoderConfiguration } from './configuration.ts';

/** Every setting of TIPS and TIPSv2; the ablations of the paper are values of these. */
export type TipsConfiguration = DualEncoderConfiguration & {
  /** Patches hidden from the student: `round(ratio * N)` of every picture. */
  mask: { kind: 'random' | 'block'; ratio: number };
  /** Projection heads to prototypes, one for CLS tokens and one for patches; shapes as in DINO and iBOT. */
  heads: {
    hidden: number;
    bottleneck: number;
    prototypes: number;
    /** Steps at the start during which the prototypes are not trained (DINO: the first epoch). */
    frozenSteps: number;
  };
  loss: {
    /** `ibot++`: every patch; `ibot`: masked patches only; `none`: the student never sees the masked picture. */
    patch: 'ibot++' | 'ibot' | 'none';
    /** Weight of the patch loss; beta in the paper. */
    patchWeight: number;
    /** Weight of the global self-distillation loss; alpha in the paper. 0 leaves it out. */
    dinoWeight: number;
    studentTemperature: number;
    /** From one to the other along a straight line over `steps`, then constant. */
    teacherTemperature: { from: number; to: number; steps: number };
    /** Share of the old centre that is kept at every step. */
    centerMomentum: number;
  };
  teacher: {
    /** What is averaged: `heads` (TIPSv2), `full` (TIPS), `none`. */
    policy: Exclude<TeacherPolicy, 'frozen'>;
    /** From one to the other along half a cosine over the whole run. */
    momentum: { from: number; to: number };
  };
};

/** Throws `invalid-argument` naming the first setting of TIPS alone that cannot be. */
export function requireTips({ loss, mask, teacher, heads, views, image }: TipsConfiguration): void {
  requireChoice('loss.patch', loss.patch, ['ibot++', 'ibot', 'none']);
  requireRange('loss.patchWeight', loss.patchWeight, 0, 1e3);
  requireRange('loss.dinoWeight', loss.dinoWeight, 0, 1e3);
  if (loss.dinoWeight > 0 && views.localCrops === 0) {
    throw new VitrailError(
      'invalid-argument',
      `loss.dinoWeight ${loss.dinoWeight} needs local crops, but views.localCrops is 0: set loss.dinoWeight to 0 or ask for crops`,
    );
  }
  requireRange('loss.studentTemperature', loss.studentTemperature, 1e-3, 10);
  requireRange('loss.teacherTemperature.from', loss.teacherTemperature.from, 1e-3, 10);
  requireRange('loss.teacherTemperature.to', loss.teacherTemperature.to, 1e-3, 10);
  requireWhole('loss.teacherTemperature.steps', loss.teacherTemperature.steps, 0);
  requireRange('loss.centerMomentum', loss.centerMomentum, 0, 1);
  requireChoice('mask.kind', mask.kind, ['random', 'block']);
  requireRange('mask.ratio', mask.ratio, 0, 1);
  if (loss.patch === 'ibot' && Math.round(mask.ratio * (views.globalSize / image.patchSize) ** 2) === 0) {
    throw new VitrailError(
      'invalid-argument',
      `loss.patch "ibot" asks for masked patches, but mask.ratio ${mask.ratio} masks none`,
    );
  }
  requireChoice('teacher.policy', teacher.policy, ['heads', 'full', 'none']);
  requireRange('teacher.momentum.from', teacher.momentum.from, 0, 1);
  requireRange('teacher.momentum.to', teacher.momentum.to, 0, 1);
  requireWhole('heads.hidden', heads.hidden, 1);
  requireWhole('heads.bottleneck', heads.bottleneck, 1);
  requireWhole('heads.prototypes', heads.prototypes, 2);
  requireWhole('heads.frozenSteps', heads.frozenSteps, 0);
}
