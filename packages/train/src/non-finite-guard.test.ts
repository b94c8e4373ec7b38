import { expect, test } from 'vitest';
import { nonFiniteGuard } from './non-finite-guard.ts';

const good = { applied: true, metrics: { loss: 1, gradientNorm: 1 } };
const bad = {
  applied: false,
  metrics: { loss: Number.NaN, 'loss/patch': Number.NaN, 'loss/contrastive': 2, gradientNorm: Number.NaN },
};

test('updates left out pass until there are as many in a row as allowed', () => {
  const guard = nonFiniteGuard({ maximumRun: 3 });
  guard.check(1, bad);
  guard.check(2, bad);
  guard.check(3, good);
  guard.check(4, bad);
  guard.check(5, bad);
  expect(() => guard.check(6, bad)).toThrow(expect.objectContaining({ code: 'non-finite' }));
});

test('the message says what was not finite, from which step on, and what to try', () => {
  const guard = nonFiniteGuard({ maximumRun: 3 });
  guard.check(1, bad);
  guard.check(2, good);
  guard.check(7, { applied: false, metrics: { loss: 2, 'loss/patch': 2, gradientNorm: Number.POSITIVE_INFINITY } });
  guard.check(8, bad);
  expect(() => guard.check(9, bad)).toThrow(
    /^training stopped at step 9: the last 3 updates in a row.*\nNot finite: gradientNorm \(Infinity from step 7 on\), loss \(NaN from step 8 on\), loss\/patch \(NaN from step 8 on\)\.\nTry a lower learning rate/,
  );
});

test('a gradient alone that is not finite is told from a loss that is not', () => {
  const outcome = { applied: false, metrics: { loss: 2, gradientNorm: Number.POSITIVE_INFINITY } };
  expect(() => nonFiniteGuard({ maximumRun: 1 }).check(1, outcome)).toThrow(/the loss is finite, so a gradient/);
});

test.each([0, -1, 2.5, Number.NaN])('a run of %s is refused', (maximumRun) => {
  expect(() => nonFiniteGuard({ maximumRun })).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});
