import { expect, it } from 'vitest';
import { momentumSchedule } from './momentum.ts';

it('stays where it is put', () => {
  const momentum = momentumSchedule(0.99);
  expect([0, 7, 1e9].map(momentum)).toEqual([0.99, 0.99, 0.99]);
});

it("follows DINO's cosine_scheduler: final + (base - final) (1 + cos(pi i / n)) / 2", () => {
  const momentum = momentumSchedule({ from: 0.996, to: 1, steps: 400 });
  const expected = [
    [0, 0.996],
    [100, 1 - 0.002 * (1 + Math.SQRT1_2)],
    [200, 0.998],
    [300, 1 - 0.002 * (1 - Math.SQRT1_2)],
    [400, 1],
    [4000, 1],
  ];
  for (const [step, value] of expected) expect(momentum(step)).toBeCloseTo(value, 12);
});

it('never leaves [0, 1], and refuses to be told to', () => {
  const whole = momentumSchedule({ from: 0, to: 1, steps: 77 });
  for (let step = 0; step <= 80; step++) expect(whole(step) >= 0 && whole(step) <= 1).toBe(true);
  expect(() => momentumSchedule(1.5)).toThrow('momentumSchedule: momentum is a number from 0 to 1, but 1.5 came');
  expect(() => momentumSchedule({ from: -0.1, to: 1, steps: 10 })).toThrow(
    'momentumSchedule: from is a number from 0 to 1, but -0.1 came',
  );
  expect(() => momentumSchedule({ from: 0.9, to: Number.NaN, steps: 10 })).toThrow(
    'momentumSchedule: to is a number from 0 to 1, but NaN came',
  );
  expect(() => momentumSchedule({ from: 0.9, to: 1, steps: 1.5 })).toThrow('steps must be a whole number');
});
