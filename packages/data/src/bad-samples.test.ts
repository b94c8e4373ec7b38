import { it } from 'vitest';
import { expectError } from '../test/expect-error.ts';
import { badSampleGuard } from './bad-samples.ts';

const BAD = { key: 'k', index: 3, reason: 'torn' };
const run = (guard: ReturnType<typeof badSampleGuard>, good: number, bad: number) => {
  for (let i = 0; i < good; i++) guard(undefined);
  for (let i = 0; i < bad; i++) guard(BAD);
};

it('lets 50 bad samples of 1,000 pass, and stops at the next', async () => {
  const guard = badSampleGuard();
  run(guard, 950, 50);
  await expectError(
    () => guard(BAD),
    'corrupt-data',
    /^51 of the last 1000 samples are bad, more than 5 %; the latest is k: torn$/,
  );
});

it('forgets what lies more than 1,000 samples back', () => {
  const guard = badSampleGuard();
  run(guard, 950, 50); // The bad ones leave the window one by one, as new ones come.
  run(guard, 950, 50);
  run(guard, 950, 50);
});

it('does not judge before 50 samples', async () => {
  const guard = badSampleGuard();
  run(guard, 0, 49);
  await expectError(() => guard(BAD), 'corrupt-data', /^50 of the last 50/);
  const mixed = badSampleGuard();
  run(mixed, 47, 2);
  run(mixed, 1, 0);
  await expectError(() => run(mixed, 0, 1), 'corrupt-data', /^3 of the last 51/);
});

it('stops at a bad sample, not at a good one', () => {
  const guard = badSampleGuard();
  run(guard, 0, 3);
  run(guard, 1000, 0);
  run(guard, 0, 1);
});
