import { VitrailError } from './errors.ts';

/** A value that depends on the step: a learning rate, a momentum, a temperature. Step 0 is the first; steps past the end hold the last value. */
export type Schedule = (step: number) => number;

/** `value` at every step. */
export function constant(value: number): Schedule {
  requireFinite('constant', { value });
  return () => value;
}

/**
 * A straight line: `from` at step 0, `to` at step `steps` and after, both to the bit.
 *
 * @throws `invalid-argument` for `steps` that are no whole number of at least 0, or ends that are not finite
 * @example linear({ from: 0.04, to: 0.07, steps: 30 })(15) // 0.055
 */
export function linear({ from, to, steps }: { from: number; to: number; steps: number }): Schedule {
  requireSteps('linear', steps);
  requireFinite('linear', { from, to });
  return (step) => between(from, to, fraction(step, steps));
}

/**
 * Half a cosine: `to + (from - to) * (1 + cos(pi * step / steps)) / 2`; `from` at step 0, `to` at step `steps` and after, both to the bit.
 *
 * @throws `invalid-argument` for `steps` that are no whole number of at least 0, or ends that are not finite
 * @see Loshchilov, Hutter 2017, "SGDR", eq. 5 (one period), https://arxiv.org/abs/1608.03983
 * @example cosine({ from: 1e-3, to: 0, steps: 100 })(50) // 5e-4
 */
export function cosine({ from, to, steps }: { from: number; to: number; steps: number }): Schedule {
  requireSteps('cosine', steps);
  requireFinite('cosine', { from, to });
  return (step) => between(from, to, (1 - Math.cos(Math.PI * fraction(step, steps))) / 2);
}

/**
 * One schedule after another: `first(step)` while `step < steps`, then `then(step - steps)`, which starts anew with its own step 0.
 *
 * For warm-ups that {@link warmup} does not make. CLIP-Rocket's, both ends of which are taken (so that the peak comes twice):
 * `joinSchedules(linear({ from: 1e-6, to: peak, steps: W - 1 }), W, cosine(...))`; UTA's, whose first step has a rate of zero:
 * `joinSchedules(linear({ from: 0, to: peak, steps: W }), W, cosine(...))`.
 *
 * @throws `invalid-argument` for `steps` that are no whole number of at least 0
 * @example joinSchedules(linear({ from: 0, to: 1, steps: 4 }), 4, constant(1))(3) // 0.75
 */
export function joinSchedules(first: Schedule, steps: number, then: Schedule): Schedule {
  requireSteps('joinSchedules', steps);
  return (step) => (step < steps ? first(step) : then(step - steps));
}

/**
 * A linear warm-up joined to any schedule: `schedule(0) * (step + 1) / steps` while `step < steps`, then `schedule(step - steps)`.
 *
 * The first step is not wasted on a rate of zero, as in OpenCLIP (`open_clip_train/scheduler.py`). The schedule starts anew at step `steps`,
 * with its own step 0.
 *
 * @throws `invalid-argument` for `steps` that are no whole number of at least 0
 * @example warmup(cosine({ from: 1e-3, to: 0, steps: 90 }), 10)(4) // 5e-4
 */
export function warmup(schedule: Schedule, steps: number): Schedule {
  requireSteps('warmup', steps);
  return (step) => (step < steps ? (schedule(0) * (step + 1)) / steps : schedule(step - steps));
}

function fraction(step: number, steps: number): number {
  return steps === 0 ? 1 : Math.min(Math.max(step / steps, 0), 1);
}

/** Exact at both ends, which `from + (to - from) * part` is not. */
function between(from: number, to: number, part: number): number {
  return from * (1 - part) + to * part;
}

function requireFinite(name: string, values: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(values)) {
    if (!Number.isFinite(value)) throw new VitrailError('invalid-argument', `${name}: ${key} must be finite, but ${value} came`);
  }
}

function requireSteps(name: string, steps: number): void {
  if (!(Number.isInteger(steps) && steps >= 0)) {
    throw new VitrailError('invalid-argument', `${name}: steps must be a whole number of at least 0, but ${steps} came`);
  }
}
