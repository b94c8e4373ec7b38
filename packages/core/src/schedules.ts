import { VitrailError } from './errors.ts';

/** A value that depends on the step: a learning rate, a momentum, a temperature. Step 0 is the first; steps past the end hold the last value. */
export type Schedule = (step: number) => number;

/** `value` at every step. */
export function constant(value: number): Schedule {
  return () => value;
}

/** A straight line: `from` at step 0, `to` at step `steps` and after. */
export function linear({ from, to, steps }: { from: number; to: number; steps: number }): Schedule {
  requireSteps('linear', steps);
  return (step) => from + (to - from) * fraction(step, steps);
}

/** Half a cosine: `to + (from - to) * (1 + cos(pi * step / steps)) / 2`; `from` at step 0, `to` at step `steps` and after. */
export function cosine({ from, to, steps }: { from: number; to: number; steps: number }): Schedule {
  requireSteps('cosine', steps);
  return (step) => to + ((from - to) * (1 + Math.cos(Math.PI * fraction(step, steps)))) / 2;
}

/**
 * A linear warm-up joined to any schedule: `schedule(0) * (step + 1) / steps` while `step < steps`, then `schedule(step - steps)`.
 *
 * The first step is not wasted on a rate of zero, as in OpenCLIP (`open_clip_train/scheduler.py`).
 */
export function warmup(schedule: Schedule, steps: number): Schedule {
  requireSteps('warmup', steps);
  return (step) => (step < steps ? (schedule(0) * (step + 1)) / steps : schedule(step - steps));
}

function fraction(step: number, steps: number): number {
  return steps === 0 ? 1 : Math.min(Math.max(step / steps, 0), 1);
}

function requireSteps(name: string, steps: number): void {
  if (!(Number.isInteger(steps) && steps >= 0)) {
    throw new VitrailError('invalid-argument', `${name}: steps must be a whole number of at least 0, but ${steps} came`);
  }
}
