import { expect, it } from 'vitest';
import { openPace } from './pace.ts';

it('lets the host be two steps ahead of the device, and no more', async () => {
  const finish: (() => void)[] = [];
  const pace = openPace({ onSubmittedWorkDone: () => new Promise((resolve) => finish.push(() => resolve(undefined))) });
  await pace();
  await pace();
  let goesOn = false;
  const third = pace().then(() => {
    goesOn = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(goesOn).toBe(false);
  finish[0]();
  await third;
});

it('has nothing to wait for where there is no device', async () => {
  await openPace(undefined)();
});
