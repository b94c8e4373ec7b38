import { expect, it } from 'vitest';
import { constant, cosine, joinSchedules, linear, type Schedule, warmup } from './schedules.ts';

const values = (schedule: Schedule, steps: number) => Array.from({ length: steps }, (_, step) => schedule(step));
const near = (expected: readonly number[]) => expected.map((value) => expect.closeTo(value, 12));

it('constant: the value, at every step', () => {
  expect(values(constant(0.3), 3)).toEqual([0.3, 0.3, 0.3]);
});

it('linear: a straight line that stays at its end', () => {
  expect(values(linear({ from: 1, to: 3, steps: 4 }), 7)).toEqual([1, 1.5, 2, 2.5, 3, 3, 3]);
  expect(linear({ from: 1, to: 3, steps: 4 })(-2)).toBe(1);
});

it('cosine: half a wave, flat at both ends', () => {
  const half = Math.SQRT1_2 / 2;
  expect(values(cosine({ from: 1, to: 0, steps: 4 }), 6)).toEqual(near([1, 0.5 + half, 0.5, 0.5 - half, 0, 0]));
  expect(values(cosine({ from: 0.994, to: 1, steps: 2 }), 3)).toEqual(near([0.994, 0.997, 1]));
});

it('both ends are met to the bit: a momentum that is to end at 1 ends at 1', () => {
  for (const [from, to] of [
    [0.994, 1],
    [0.1, 0.7],
    [1e-3, 1e-6],
    [5, 0.3],
  ]) {
    for (const schedule of [linear, cosine]) {
      expect(schedule({ from, to, steps: 7 })(0)).toBe(from);
      expect(schedule({ from, to, steps: 7 })(7)).toBe(to);
      expect(schedule({ from, to, steps: 7 })(1e9)).toBe(to);
    }
  }
});

it('a schedule of no steps is at its end', () => {
  expect(linear({ from: 1, to: 3, steps: 0 })(0)).toBe(3);
  expect(cosine({ from: 1, to: 3, steps: 0 })(0)).toBe(3);
});

it('warmup: the first step counts, the last one is whole, and the schedule starts after it', () => {
  expect(values(warmup(linear({ from: 8, to: 0, steps: 4 }), 4), 9)).toEqual([2, 4, 6, 8, 8, 6, 4, 2, 0]);
  expect(values(warmup(constant(5), 0), 2)).toEqual([5, 5]);
});

it('warmup and cosine make the rates of OpenCLIP', () => {
  // open_clip_train/scheduler.py: lr (step + 1) / W, then lr (1 + cos(pi (step - W) / (S - W))) / 2; lr 5e-4, W = 10, S = 110.
  const rate = warmup(cosine({ from: 5e-4, to: 0, steps: 100 }), 10);
  expect([0, 4, 9, 10, 35, 60, 85, 110].map(rate)).toEqual(
    near([5e-5, 2.5e-4, 5e-4, 5e-4, 2.5e-4 * (1 + Math.SQRT1_2), 2.5e-4, 2.5e-4 * (1 - Math.SQRT1_2), 0]),
  );
});

it('joinSchedules: the first schedule for its steps, then the other from its own step 0', () => {
  expect(values(joinSchedules(constant(1), 2, linear({ from: 5, to: 3, steps: 2 })), 6)).toEqual([1, 1, 5, 4, 3, 3]);
  expect(values(joinSchedules(constant(1), 0, constant(2)), 2)).toEqual([2, 2]);
});

it("joinSchedules makes the rates of CLIP-Rocket's main.py: 4 epochs of 5 steps, both ends of the warm-up taken", () => {
  const rate = joinSchedules(linear({ from: 1e-6, to: 3e-3, steps: 4 }), 5, cosine({ from: 3e-3, to: 1e-5, steps: 15 }));
  const expected = [1e-6, 7.5075e-4, 1.5005e-3, 2.25025e-3, 3e-3, 3e-3, 2.96733e-3, 2.87075e-3];
  values(rate, 8).forEach((value, step) => {
    expect(Math.abs(value / expected[step] - 1), `step ${step}: ${value}`).toBeLessThan(5e-6);
  });
  expect(Math.abs(rate(19) / 4.26693e-5 - 1)).toBeLessThan(5e-6);
});

it("joinSchedules makes UTA's rates: lr step / W, then 1e-5 + (lr - 1e-5) (1 + cos(pi (step - W) / (S - W))) / 2", () => {
  const rate = joinSchedules(linear({ from: 0, to: 1.5e-3, steps: 10 }), 10, cosine({ from: 1.5e-3, to: 1e-5, steps: 100 }));
  const half = (1.5e-3 - 1e-5) / 2;
  expect([0, 4, 9, 10, 35, 60, 85, 110].map(rate)).toEqual(
    near([0, 6e-4, 1.35e-3, 1.5e-3, ...[Math.SQRT1_2, 0, -Math.SQRT1_2].map((wave) => 1e-5 + half * (1 + wave)), 1e-5]),
  );
});

it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d steps', (steps) => {
  expect(() => linear({ from: 0, to: 1, steps })).toThrow(
    `linear: steps must be a whole number of at least 0, but ${steps} came`,
  );
  expect(() => cosine({ from: 0, to: 1, steps })).toThrow('cosine: steps must be');
  expect(() => warmup(constant(1), steps)).toThrow('warmup: steps must be');
  expect(() => joinSchedules(constant(0), steps, constant(1))).toThrow('joinSchedules: steps must be');
});

it('refuses values that are not finite', () => {
  expect(() => constant(Number.NaN)).toThrow('constant: value must be finite, but NaN came');
  expect(() => linear({ from: 0, to: Number.POSITIVE_INFINITY, steps: 2 })).toThrow('linear: to must be finite');
  expect(() => cosine({ from: Number.NaN, to: 1, steps: 2 })).toThrow('cosine: from must be finite');
});
