import { expect, it } from 'vitest';
import { teacherTemperature } from './teacher-temperature.ts';

it('rises in a straight line and then stays', () => {
  const temperature = teacherTemperature({ from: 0.04, to: 0.07, steps: 30 });
  expect([0, 10, 20, 30, 31, 1e6].map((step) => temperature(step).toFixed(6))).toEqual([
    '0.040000',
    '0.050000',
    '0.060000',
    '0.070000',
    '0.070000',
    '0.070000',
  ]);
});

it('is constant without a warm-up, as for the CLS head of DINO', () => {
  expect(teacherTemperature({ from: 0.01, to: 0.04, steps: 0 })(0)).toBe(0.04);
});

it('refuses what would divide by zero', () => {
  expect(() => teacherTemperature({ from: 0, to: 0.07, steps: 3 })).toThrow('from is above 0, but 0 came');
  expect(() => teacherTemperature({ from: 0.04, to: Number.NaN, steps: 3 })).toThrow('to is above 0, but NaN came');
  expect(() => teacherTemperature({ from: 0.04, to: 0.07, steps: 1.5 })).toThrow('steps must be a whole number');
});
