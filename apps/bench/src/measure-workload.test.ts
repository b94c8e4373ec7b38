import { describe, expect, it } from 'vitest';
import { measureWorkload, type Participant } from './measure-workload.ts';
import type { Request } from './protocol.ts';
import { gemm } from './workloads/gemm.ts';
import { vitSize, vitStep } from './workloads/vit-step.ts';

const product = gemm({ name: 'gemm', title: 'y = x k', a: [8, 4], b: [4, 2], sizes: [8, 4, 2] });
const step = vitStep(vitSize, { name: 'vit-step', dropped: 0 });
const options = { data: { file: '', tensors: {} }, rounds: 3 };

/** A participant that gives these times and values, one after the other, and keeps what it was asked. */
function fake(engine: string, times: readonly number[], values: readonly number[] = []) {
  const asked: Request[] = [];
  const participant: Participant = {
    engine,
    threads: 2,
    process: async () => ({
      hello: { version: `${engine} 1.0`, threads: 2 },
      async ask(request) {
        const i = asked.push(request) - 1;
        if (i >= times.length) throw new Error('no more times');
        return { ms: times[i], ...(i < values.length && { value: values[i] }) };
      },
    }),
  };
  return { participant, asked };
}

describe('measureWorkload', () => {
  it('leaves out three runs, takes the median and the minimum of the rounds, and counts operations', async () => {
    const { participant, asked } = fake('vitrail', [1900, 1800, 1700, 200, 400, 100], [3, 2, 1, 9, 9, 9]);
    const [row] = await measureWorkload(step, [participant], options);
    expect(row).toEqual({
      workload: 'vit-step',
      engine: 'vitrail',
      threads: 2,
      version: 'vitrail 1.0',
      medianMs: 200,
      minMs: 100,
      rounds: 3,
      gflops: expect.closeTo(58.51, 2), // 11.7 GFLOP in a fifth of a second
      loss: 1,
    });
    expect(asked.map(({ repeats }) => repeats)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('repeats a step until a sample takes a second, and compares the first three losses alone', async () => {
    const { participant, asked } = fake('vitrail', [400, 300, 250, 200, 180, 190, 170], [3, 2, 1, 8, 9, 9, 9]);
    const [{ medianMs, loss }] = await measureWorkload(step, [participant], options);
    expect(asked.map(({ repeats }) => repeats)).toEqual([1, 1, 1, 4, 5, 5, 5]);
    expect({ medianMs, loss }).toEqual({ medianMs: 180, loss: 1 });
  });

  it('repeats what is quick until a sample takes a tenth of a second', async () => {
    const { participant, asked } = fake('vitrail', [50, 10, 5, 2, 2, 2, 2]);
    const [{ rounds, loss }] = await measureWorkload(product, [participant], options);
    expect(asked.map(({ repeats }) => repeats)).toEqual([1, 1, 1, 20, 50, 50, 50]);
    expect({ rounds, loss }).toEqual({ rounds: 3, loss: undefined });
  });

  it('finds the largest difference of the first three losses from those of the first that ran', async () => {
    const broken = fake('broken', []);
    const first = fake('vitrail', [1, 1, 1, 1, 1, 1], [4, 2, 1]);
    const second = fake('torch', [1, 1, 1, 1, 1, 1], [4, 2.5, 1.1]);
    const silent = fake('peak', [1, 1, 1, 1, 1, 1]);
    const participants = [broken, silent, first, second].map(({ participant }) => participant);
    const rows = await measureWorkload(step, participants, options);
    expect(rows.map(({ difference }) => difference)).toEqual([undefined, undefined, undefined, 0.25]);
  });

  it('calls a loss that is no number a difference', async () => {
    const first = fake('vitrail', [1, 1, 1, 1, 1, 1], [4, 2, 1]);
    const second = fake('torch', [1, 1, 1, 1, 1, 1], [4, Number.NaN, 1]);
    const rows = await measureWorkload(step, [first.participant, second.participant], options);
    expect(rows[1].difference).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['does not start', 0],
    ['fails before the rounds', 2],
    ['fails in a round', 4],
  ])('has a row with the reason for an engine that %s, and measures the other', async (_, runs) => {
    const other = fake('vitrail', [1000, 1000, 1000, 7, 7, 7]);
    const failing = fake('torch', Array(runs).fill(1000));
    const rows = await measureWorkload(step, [failing.participant, other.participant], options);
    expect(rows[0]).toMatchObject({ engine: 'torch', medianMs: null, minMs: null, rounds: 0, error: 'no more times' });
    expect(rows[1]).toMatchObject({ engine: 'vitrail', medianMs: 7, rounds: 3 });
  });
});
