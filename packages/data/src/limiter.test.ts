import { expect, it } from 'vitest';
import { limiter } from './limiter.ts';

/** Work whose end the test decides. */
function controlled() {
  const started: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const work = (id: number) => () =>
    new Promise<number>((resolve, reject) => {
      started.push(id);
      ends[id] = (error) => (error === undefined ? resolve(id) : reject(error));
    });
  return { started, ends, work };
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

it('starts as many as it has places, and the others in their order as places fall free', async () => {
  const { started, ends, work } = controlled();
  const place = limiter(2);
  const results = [0, 1, 2, 3].map((id) => place(work(id)));
  await settle();
  expect(started).toEqual([0, 1]);
  ends[1]();
  await settle();
  expect(started).toEqual([0, 1, 2]);
  ends[0]();
  ends[2]();
  await settle();
  ends[3]();
  expect(await Promise.all(results)).toEqual([0, 1, 2, 3]);
});

it('gives a place on after a failure too, thrown or rejected', async () => {
  const place = limiter(1);
  const failures = [
    place(() => Promise.reject(new Error('rejected'))),
    place(() => {
      throw new Error('thrown');
    }),
  ];
  const last = place(async () => 'done');
  await expect(failures[0]).rejects.toThrow('rejected');
  await expect(failures[1]).rejects.toThrow('thrown');
  expect(await last).toBe('done');
});

it('lets nobody overtake one who waits', async () => {
  const { started, ends, work } = controlled();
  const place = limiter(1);
  const first = place(work(0));
  const second = place(work(1));
  ends[0]();
  const late = first.then(() => place(work(2)));
  await settle();
  expect(started).toEqual([0, 1]);
  ends[1]();
  await settle();
  ends[2]();
  expect(await Promise.all([second, late])).toEqual([1, 2]);
});
