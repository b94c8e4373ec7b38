import { constant, cosine, type Schedule, VitrailError } from '@vitrail/core';

/** A momentum that stays, or one that goes from `from` to `to` over `steps` steps along half a cosine. */
export type MomentumSpec = number | { readonly from: number; readonly to: number; readonly steps: number };

/**
 * The share of the old average that is kept, by step: constant for a number, else half a cosine (`from` at step 0, `to` at step `steps`
 * and after).
 *
 * DINO and iBOT go from 0.996 to 1, DINOv2 from 0.994 for its large models. TIPS and TIPSv2 published none. With a contrastive loss beside
 * it, SILC keeps the momentum fixed: near 1 the teacher stops learning from the texts.
 *
 * @param momentum in [0, 1]; `steps` a whole number of at least 0
 * @throws `invalid-argument` for a momentum outside [0, 1], or steps that are not whole
 * @see "DINO", arXiv 2104.14294, section 3.1
 * @example momentumSchedule({ from: 0.996, to: 1, steps: 1000 })(500) // 0.998
 */
export function momentumSchedule(momentum: MomentumSpec): Schedule {
  if (typeof momentum === 'number') {
    requireMomentum('momentumSchedule: momentum', momentum);
    return constant(momentum);
  }
  requireMomentum('momentumSchedule: from', momentum.from);
  requireMomentum('momentumSchedule: to', momentum.to);
  return cosine(momentum);
}

/** Throws `invalid-argument` unless `momentum` is in [0, 1]: outside of it an average runs away. */
export function requireMomentum(name: string, momentum: number): void {
  if (momentum >= 0 && momentum <= 1) return;
  throw new VitrailError('invalid-argument', `${name} is a number from 0 to 1, but ${momentum} came`);
}
