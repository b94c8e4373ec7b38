import { expect, it } from 'vitest';
import { bytesInUnits } from './bytes-in-units.ts';

it.each([
  [0, '0.0 KiB'],
  [1536, '1.5 KiB'],
  [2 ** 20 - 1, '1024 KiB'],
  [2 ** 20, '1.0 MiB'],
  [252 * 2 ** 20, '252 MiB'],
  [3.5 * 2 ** 30, '3.5 GiB'],
])('%i bytes are %s', (bytes, expected) => {
  expect(bytesInUnits(bytes)).toBe(expected);
});
