import { clipByValue, type Scalar, scalar } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';

/**
 * The parameter that a contrastive temperature is learned as: `log(1 / temperature)`.
 *
 * @param temperature what cosines are divided by, above 0; CLIP starts at 0.07
 * @returns a scalar, the caller's
 * @throws `invalid-argument` for a temperature that is not above 0
 * @see "Learning Transferable Visual Models From Natural Language Supervision" (CLIP), Radford et al. 2021 (arXiv 2103.00020), section
 *   2.5
 * @example initLogitScale(0.07).dataSync()[0] // 2.6593
 */
export function initLogitScale(temperature: number): Scalar {
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new VitrailError('invalid-argument', `initLogitScale: temperature is above 0, but ${temperature} came`);
  }
  return scalar(Math.log(1 / temperature));
}

/**
 * The temperature's guard, for after every update: `min(max(logitScale, minimum), maximum)`.
 *
 * OpenCLIP keeps it in `[0, log 100]`. TIPSv2's released model has a scale of 197, above that: give `maximum` as `Math.log(1 / 0.005)`.
 *
 * @param logitScale a scalar; it stays as it is
 * @param options `minimum` (0 by default: a temperature of 1) and `maximum`
 * @returns a scalar, the caller's
 * @throws `shape-mismatch` for what is no scalar; `invalid-argument` unless `minimum <= maximum`
 * @see code mlfoundations/open_clip, `open_clip_train/train.py`
 * @example clampLogitScale(scalar(5), { maximum: Math.log(100) }).dataSync()[0] // 4.6052
 */
export function clampLogitScale(logitScale: Scalar, { minimum = 0, maximum }: { minimum?: number; maximum: number }): Scalar {
  requireShape('clampLogitScale', 'logitScale', logitScale, []);
  if (!(minimum <= maximum)) {
    throw new VitrailError('invalid-argument', `clampLogitScale: minimum is at most maximum, but ${minimum} and ${maximum} came`);
  }
  return clipByValue(logitScale, minimum, maximum);
}
