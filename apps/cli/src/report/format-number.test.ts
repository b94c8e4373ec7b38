import { expect, test } from 'vitest';
import { formatCompact, formatDuration, formatMeasure, formatPercent } from './format-number.ts';

test('durations read as people say them, also where a unit rolls over', () => {
  expect([0, 9.94, 45.2, 59.7, 222, 3599.6, 7300, 187_300].map(formatDuration)).toEqual([
    '0.0 s',
    '9.9 s',
    '45 s',
    '1 min 0 s',
    '3 min 42 s',
    '1 h 0 min',
    '2 h 2 min',
    '2 d 4 h',
  ]);
});

test('measures keep three digits and no false precision', () => {
  expect([0, 1204.4, 58.31, 1.799, 0.0712, 0.00025, -3.5].map(formatMeasure)).toEqual([
    '0',
    '1,204',
    '58.3',
    '1.80',
    '0.0712',
    '2.5e-4',
    '\u22123.50',
  ]);
  expect([87, 640_000, 999_999, 1_920_000].map(formatCompact)).toEqual(['87', '640\u202fk', '1.00\u202fM', '1.92\u202fM']);
  expect(formatPercent(0.1432)).toBe('14.3\u202f%');
});
