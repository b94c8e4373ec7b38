import { describe, expect, it } from 'vitest';
import { interleave } from './interleave.ts';

describe('interleave', () => {
  it('goes forwards, then backwards, and keeps the samples of each participant in its own place', async () => {
    const order: string[] = [];
    const results = await interleave(['a', 'b', 'c'], 3, async (participant) => {
      order.push(participant);
      return `${participant}${order.length}`;
    });
    expect(order.join('')).toBe('abccbaabc');
    expect(results).toEqual([{ samples: ['a1', 'a6', 'a7'] }, { samples: ['b2', 'b5', 'b8'] }, { samples: ['c3', 'c4', 'c9'] }]);
  });

  it('never runs two at a time', async () => {
    let running = 0;
    await interleave([1, 2, 3], 2, async () => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    });
  });

  it('leaves out from then on who fails, and goes on with the others', async () => {
    const asked = { a: 0, b: 0 };
    const results = await interleave(['a', 'b'] as const, 3, async (participant) => {
      asked[participant]++;
      if (participant === 'a' && asked.a === 2) throw new Error('out of memory');
      return participant;
    });
    expect(asked).toEqual({ a: 2, b: 3 });
    expect(results[0].samples).toEqual(['a']);
    expect(String(results[0].error)).toContain('out of memory');
    expect(results[1]).toEqual({ samples: ['b', 'b', 'b'] });
  });
});
