import { VitrailError } from '@vitrail/core';
import { ownPartsOf, type TeacherPolicy } from './teacher-policy.ts';

/** Scalars by part of the student: the two that a teacher may average, and whatever else is trained (`text`, for one). */
export type ParameterCounts = { readonly image: number; readonly heads: number; readonly [part: string]: number };

/**
 * The numbers that a training step changes: every parameter of the student, and the average of those that the policy averages. A frozen
 * teacher's do not change and are not counted.
 *
 * `sum of counts + sum of counts[part] over the averaged parts`. Head-only averaging saves one encoder, `image / (2 image + 2 heads)` of
 * what `full` has: the paper's 42 % for ViT-B (86.3 M) with heads of 16 M together, no text encoder counted. One DINO head with 32k
 * prototypes (14.7 M) gives 42.7 %, two separate ones 37.3 %.
 *
 * @param counts whole numbers of at least 0, from `countParameters` or `countShapes` of `@vitrail/core`
 * @throws `invalid-argument` for a count that is not whole; `unknown-name` for a policy that there is not
 * @see "TIPSv2", arXiv 2604.12012, section 3.4
 * @example trainingParameterCount('heads', { image: 86_300_000, heads: 16_000_000 }) // 118300000, against 204600000 for 'full'
 */
export function trainingParameterCount(policy: TeacherPolicy, counts: ParameterCounts): number {
  const averaged = policy === 'frozen' ? [] : ownPartsOf(policy);
  for (const [part, count] of Object.entries(counts)) {
    if (!(Number.isSafeInteger(count) && count >= 0)) {
      throw new VitrailError(
        'invalid-argument',
        `trainingParameterCount: ${part} is a whole number of at least 0, but ${count} came`,
      );
    }
  }
  const student = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return averaged.reduce((sum, part) => sum + counts[part], student);
}
