import { VitrailError } from '@vitrail/core';
import { requireChoice, requireRange } from '@vitrail/train';
import type { DualEncoderConfiguration } from './configuration.ts';
import type { TeacherGrid } from './frozen-teacher.ts';
import { requireMask } from './require-mask.ts';
import { type PrototypeHeadSection, requireSharpening, type SharpeningSection } from './self-distillation.ts';

/** Every setting of distillation. */
export type DistillConfiguration = DualEncoderConfiguration & {
  /** The frozen model that is learned from. */
  teacher: {
    /** A `MODEL` of the command line: a run, a folder, released weights. */
    model: string;
    /** What to do where its patches lie on another grid than the student's: refuse, or resample them. */
    grid: TeacherGrid;
  };
  /** Patches hidden from the student, all of which it is asked for: `round(ratio * N)`; none in TIPSv2. */
  mask: { kind: 'random' | 'block'; ratio: number };
  /** The student's heads, with as many prototypes as the teacher's. `teacher`: they start as the teacher's, which are as large. */
  heads: Omit<PrototypeHeadSection, 'prototypes'> & { initialization: 'fresh' | 'teacher' };
  loss: SharpeningSection & {
    /** Weight of the cross-entropy of all patches with the prototypes of the teacher's head; 0 leaves it out. */
    patchWeight: number;
    /** Weight of that of the first CLS token of local crops; 0 leaves it out. */
    dinoWeight: number;
    /** Weight of feature distillation, the cosine of the first CLS token and all patches with the teacher's; 0 leaves it out. */
    featureWeight: number;
    /** Weight of affinity mimicking (TinyCLIP) between the last CLS token and the captions of the last stream; 0 leaves it out. */
    affinityWeight: number;
  };
};

/** Throws `invalid-argument` naming the first setting of distillation alone that cannot be. */
export function requireDistill({ heads, image, loss, mask, teacher, views }: DistillConfiguration): void {
  requireChoice('teacher.grid', teacher.grid, ['equal', 'resample']);
  requireChoice('mask.kind', mask.kind, ['random', 'block']);
  requireMask(mask.ratio, { side: views.globalSize / image.patchSize, least: 0 });
  requireChoice('heads.initialization', heads.initialization, ['fresh', 'teacher']);
  requireSharpening({ heads: { ...heads, prototypes: 2 }, loss });
  const weights = ['patchWeight', 'dinoWeight', 'featureWeight', 'affinityWeight'] as const;
  for (const name of weights) requireRange(`loss.${name}`, loss[name], 0, 1e3);
  if (loss.dinoWeight > 0 && views.localCrops === 0) {
    throw new VitrailError(
      'invalid-argument',
      `loss.dinoWeight ${loss.dinoWeight} needs local crops, but views.localCrops is 0: set loss.dinoWeight to 0 or ask for crops`,
    );
  }
  if (weights.every((name) => loss[name] === 0)) {
    throw new VitrailError(
      'invalid-argument',
      `nothing is learned from the teacher: one of ${weights.map((name) => `loss.${name}`).join(', ')} is above 0`,
    );
  }
}
