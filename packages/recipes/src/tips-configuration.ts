import { VitrailError } from '@vitrail/core';
import type { TeacherPolicy } from '@vitrail/ema';
import { requireChoice, requireRange } from '@vitrail/train';
import type { DualEncoderConfiguration } from './configuration.ts';
import { requireMask } from './require-mask.ts';
import {
  type PrototypeHeadSection,
  requireSelfDistillation,
  type SharpeningSection,
  type TeacherSection,
} from './self-distillation.ts';

/** Every setting of TIPS and TIPSv2; the ablations of the paper are values of these. */
export type TipsConfiguration = DualEncoderConfiguration & {
  /** Patches hidden from the student: `round(ratio * N)` of every picture. */
  mask: { kind: 'random' | 'block'; ratio: number };
  /** One for CLS tokens and one for patches. */
  heads: PrototypeHeadSection;
  loss: SharpeningSection & {
    /** `ibot++`: every patch; `ibot`: masked patches only; `none`: the student never sees the masked picture. */
    patch: 'ibot++' | 'ibot' | 'none';
    /** Weight of the patch loss; beta in the paper. */
    patchWeight: number;
    /** Weight of the global self-distillation loss; alpha in the paper. 0 leaves it out. */
    dinoWeight: number;
  };
  teacher: TeacherSection & {
    /** What is averaged: `heads` (TIPSv2), `full` (TIPS), `none`. */
    policy: Exclude<TeacherPolicy, 'frozen'>;
  };
};

/** Throws `invalid-argument` naming the first setting of TIPS alone that cannot be. */
export function requireTips(config: TipsConfiguration): void {
  const { loss, mask, teacher, views, image } = config;
  requireChoice('loss.patch', loss.patch, ['ibot++', 'ibot', 'none']);
  requireRange('loss.patchWeight', loss.patchWeight, 0, 1e3);
  requireRange('loss.dinoWeight', loss.dinoWeight, 0, 1e3);
  if (loss.dinoWeight > 0 && views.localCrops === 0) {
    throw new VitrailError(
      'invalid-argument',
      `loss.dinoWeight ${loss.dinoWeight} needs local crops, but views.localCrops is 0: set loss.dinoWeight to 0 or ask for crops`,
    );
  }
  requireChoice('mask.kind', mask.kind, ['random', 'block']);
  requireMask(mask.ratio, { side: views.globalSize / image.patchSize, least: loss.patch === 'ibot' ? 1 : 0 });
  requireChoice('teacher.policy', teacher.policy, ['heads', 'full', 'none']);
  requireSelfDistillation(config);
}
