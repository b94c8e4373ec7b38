import { expect, it } from 'vitest';
import { chooseReadout } from './choose-readout.ts';

it('takes the largest score, the first among equals', () => {
  expect(chooseReadout({ value: 0.1, 'value-only': 0.3, plain: 0.2 })).toBe('value-only');
  expect(chooseReadout({ value: 0.3, plain: 0.3 })).toBe('value');
  expect(chooseReadout({ value: -2, plain: -1 })).toBe('plain');
});

it('refuses nothing, and scores that are no numbers', () => {
  expect(() => chooseReadout({})).toThrow('at least one name, but none came');
  expect(() => chooseReadout({ value: 0.1, plain: Number.NaN })).toThrow('the score of plain is NaN');
});
