import { nearestName, VitrailError } from '@vitrail/core';

/**
 * What of a self-distillation teacher is its own; the rest it shares with the student.
 *
 * - `full`: encoder and heads are averages of the student's (DINO, iBOT, TIPS)
 * - `heads`: the heads are averages, the encoder is the student's (TIPSv2, section 3.4)
 * - `none`: nothing is its own, the teacher is the student (TIPSv2 found it unstable)
 * - `frozen`: encoder and heads are given and never change (distillation: TIPSv2, section 3.1)
 */
export type TeacherPolicy = 'full' | 'heads' | 'none' | 'frozen';

/** The two parts of a teacher. */
export type TeacherPart = 'image' | 'heads';

const ownParts: Readonly<Record<TeacherPolicy, readonly TeacherPart[]>> = {
  full: ['image', 'heads'],
  heads: ['heads'],
  none: [],
  frozen: ['image', 'heads'],
};

/** The parts that are the teacher's own. Throws `unknown-name` for a policy that there is not. */
export function ownPartsOf(policy: TeacherPolicy): readonly TeacherPart[] {
  if (Object.hasOwn(ownParts, policy)) return ownParts[policy];
  const nearest = nearestName(String(policy), Object.keys(ownParts));
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  throw new VitrailError(
    'unknown-name',
    `a teacher policy is one of ${Object.keys(ownParts).join(', ')}, but "${policy}" came${hint}`,
  );
}
