import { linear, type Schedule, VitrailError } from '@vitrail/core';

/**
 * The temperature of the teacher's distribution: a straight line from `from` at step 0 to `to` at step `steps`, then `to`.
 *
 * DINO's paper goes from 0.04 to 0.07 in 30 epochs (its code stays at 0.04 unless told otherwise): a temperature that is high from the
 * start is unstable. Deviation: DINO goes up epoch by epoch, and there and in DINOv2 `to` is reached at `steps - 1`.
 *
 * @throws `invalid-argument` for a temperature that is not above 0, or steps that are not a whole number of at least 0
 * @see "Emerging Properties in Self-Supervised Vision Transformers" (DINO), Caron et al. 2021 (arXiv 2104.14294), section 3.2
 * @example teacherTemperature({ from: 0.04, to: 0.07, steps: 100 })(50) // 0.055
 */
export function teacherTemperature({ from, to, steps }: { from: number; to: number; steps: number }): Schedule {
  for (const [name, temperature] of Object.entries({ from, to })) {
    if (!(temperature > 0 && Number.isFinite(temperature))) {
      throw new VitrailError('invalid-argument', `teacherTemperature: ${name} is above 0, but ${temperature} came`);
    }
  }
  return linear({ from, to, steps });
}
