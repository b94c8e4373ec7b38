import { expect, test } from 'vitest';
import { nonFiniteGuard } from './non-finite-guard.ts';

const good = { applied: true, skipped: 2, skippedInARow: 0, lossScale: 1, metrics: { loss: 1, gradientNorm: 1 } };
const badMetrics = { loss: Number.NaN, 'loss/patch': Number.NaN, 'loss/contrastive': 2, gradientNorm: Number.NaN };
const bad = (skippedInARow: number, metrics: Record<string, number> = badMetrics) => ({
  applied: false,
  skipped: 5,
  skippedInARow,
  lossScale: 1,
  metrics,
});

test('updates left out pass until there are as many in a row as allowed', () => {
  const guard = nonFiniteGuard({ maximumRun: 3 });
  guard.check(1, bad(1));
  guard.check(2, bad(2));
  guard.check(3, good);
  guard.check(4, bad(1));
  guard.check(5, bad(2));
  expect(() => guard.check(6, bad(3))).toThrow(expect.objectContaining({ code: 'non-finite' }));
});

test('the message says what was not finite, from which step on, and what to try', () => {
  const guard = nonFiniteGuard({ maximumRun: 3 });
  guard.check(1, bad(1));
  guard.check(2, good);
  guard.check(7, bad(1, { loss: 2, 'loss/patch': 2, gradientNorm: Number.POSITIVE_INFINITY }));
  guard.check(8, bad(2));
  expect(() => guard.check(9, bad(3))).toThrow(
    /^training stopped at step 9: the last 3 updates in a row.*\nNot finite: gradientNorm \(Infinity from step 7 on\), loss \(NaN from step 8 on\), loss\/patch \(NaN from step 8 on\)\.\nTry a lower learning rate/,
  );
});

test('it sees runs of steps that were not all looked at', () => {
  const guard = nonFiniteGuard({ maximumRun: 12 });
  guard.check(10, bad(2, { loss: 1, gradientNorm: Number.NaN }));
  guard.check(20, bad(9)); // Another run: step 11 was good.
  expect(() => guard.check(30, bad(19))).toThrow(/at step 30: the last 19 updates.*\nNot finite: loss \(NaN from step 20 on\), /);
});

test('a gradient alone that is not finite is told from a loss that is not', () => {
  const outcome = bad(1, { loss: 2, gradientNorm: Number.POSITIVE_INFINITY });
  expect(() => nonFiniteGuard({ maximumRun: 1 }).check(1, outcome)).toThrow(/the loss is finite, so a gradient/);
});

test.each([0, -1, 2.5, Number.NaN])('a run of %s is refused', (maximumRun) => {
  expect(() => nonFiniteGuard({ maximumRun })).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});
