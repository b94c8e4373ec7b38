import { createRng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import { expectError } from '../test/expect-error.ts';
import { fakeSource } from '../test/fake-source.ts';
import { flat } from '../test/pictures.ts';
import { indices, OPTIONS, settle, TINY, take, torn, VIEWS } from '../test/take-batches.ts';
import type { BadSample } from './bad-samples.ts';
import type { Batch, LoadOptions } from './batch.ts';
import { makeViews } from './images/views.ts';
import { loadBatches } from './load-batches.ts';

describe('bad samples', () => {
  it('are replaced by the documented draw, reported in the order of the rows, and the same in every run', async () => {
    const run = async (options: Partial<LoadOptions> = {}) => {
      const reports: BadSample[] = [];
      const turns = (index: number) => new Promise<void>((resolve) => setTimeout(resolve, (index * 3) % 5));
      const source = fakeSource(40, {
        before: async (index) => {
          await turns(index);
          torn(3, 17).before(index);
        },
      });
      const batches = await take(source, 10, { ...options, onBadSample: (bad) => reports.push(bad) });
      return { batches, reports };
    };
    const { batches, reports } = await run();
    const root = createRng(7);
    const order = root.fork('order', 0).permutation(40);
    const expected = order.filter((index) => index === 3 || index === 17);
    expect(reports.map(({ index }) => index)).toEqual([...expected]);
    expect(reports[0]).toEqual({ key: `key${expected[0]}`, index: expected[0], reason: `sample ${expected[0]} is torn` });

    const position = order.indexOf(expected[0]);
    const replacement = root.fork('redraw', position, 1).integer(0, 40);
    const { samples, global } = batches[Math.floor(position / 4)];
    expect(samples[position % 4]).toMatchObject({ epoch: 0, index: replacement });
    const stream = root.fork('views', 0, replacement, 'redraw', position);
    const views = makeViews((await fakeSource(40).read(replacement)).image, VIEWS, stream);
    expect(global.subarray((position % 4) * 48, (position % 4) * 48 + 48)).toEqual(views.global);

    expect(await run()).toEqual({ batches, reports });
    const resumed = await run({ startStep: 4 });
    expect(resumed.batches.slice(0, 6)).toEqual(batches.slice(4));
  });

  it('leave the other rows as they are', async () => {
    const clean = await take(fakeSource(10), 5);
    const dirty = await take(fakeSource(10, torn(3)), 5);
    let replaced = 0;
    dirty.forEach(({ samples, global }, b) => {
      samples.forEach((sample, row) => {
        if (clean[b].samples[row].index === 3) {
          replaced++;
          expect(sample.index).not.toBe(3);
          return;
        }
        expect(sample).toEqual(clean[b].samples[row]);
        expect(global.subarray(row * 48, row * 48 + 48)).toEqual(clean[b].global.subarray(row * 48, row * 48 + 48));
      });
    });
    expect(replaced).toBe(2);
  });

  it.each([
    ['no caption', { captions: {} }, /^it has no caption$/],
    ['blank captions', { captions: { alt: ' ', short: ['', '\n'] } }, /^it has no caption$/],
    ['a class and no caption', { captions: {}, classIndex: 1 }, /^it has no caption \(it has a class: mosaic:/],
    ['a picture without pixels', { image: { ...flat(1, 1, [0, 0, 0]), width: 0 } }, /^an image of 0 by 1 pixels/],
  ])('are those with %s', async (_, change, reason) => {
    const reports: BadSample[] = [];
    const source = fakeSource(20, { change: (index) => (index === 4 ? change : {}) });
    const batches = await take(source, 5, { onBadSample: (bad) => reports.push(bad) });
    expect(indices(batches)).not.toContain(4);
    expect(reports).toEqual([{ key: 'key4', index: 4, reason: expect.stringMatching(reason) }]);
  });

  it('are not those without a caption where captions are not required', async () => {
    const source = fakeSource(20, { change: () => ({ captions: {} }) });
    const batches = await take(source, 5, { requireCaptions: false, onBadSample: (bad) => expect.unreachable(bad.reason) });
    expect(indices(batches)).toEqual(indices(await take(fakeSource(20), 5)));
    expect(batches[0].samples[0].captions).toEqual({});
  });

  it('are reported before their batch is given out, not when it is prepared', async () => {
    const reports: number[] = [];
    const order = createRng(7).fork('order', 0).permutation(20);
    const bad = order[5]; // In batch 1, which is prepared while batch 0 is in use.
    const batches = loadBatches(fakeSource(20, torn(bad)), { ...OPTIONS, onBadSample: ({ index }) => reports.push(index) });
    await batches.next();
    await settle();
    expect(reports).toEqual([]);
    await batches.next();
    expect(reports).toEqual([bad]);
    await batches.return();
  });

  it('end the run when more than 5 % of the latest are bad; what came before is delivered', async () => {
    const bad = Array.from({ length: 100 }, (_, i) => i * 10); // 10 %
    const reports: BadSample[] = [];
    const delivered: Batch[] = [];
    const run = async () => {
      for await (const batch of loadBatches(fakeSource(1000, torn(...bad)), {
        ...OPTIONS,
        views: TINY,
        onBadSample: (each) => reports.push(each),
      })) {
        delivered.push(batch);
      }
    };
    await expectError(
      run,
      'corrupt-data',
      /^\d+ of the last \d+ samples are bad, more than 5 %; the latest is key\d+: sample \d+ is torn$/,
    );
    // Counted as the guard does: samples seen are rows that were filled, and those that were bad.
    const seen = indices(delivered).length + reports.length;
    expect(seen).toBeGreaterThanOrEqual(46);
    expect(seen).toBeLessThan(120);
    expect(indices(delivered).some((index) => bad.includes(index))).toBe(false);
  });

  it('do not end it while they are few', async () => {
    const bad = Array.from({ length: 10 }, (_, i) => i * 100 + 37); // 1 %
    let count = 0;
    await take(fakeSource(1000, torn(...bad)), 750, { views: TINY, onBadSample: () => count++ });
    expect(count).toBeGreaterThanOrEqual(30);
  });

  it('end it when ten draws for one row are bad', async () => {
    const reports: BadSample[] = [];
    const every = Array.from({ length: 8 }, (_, i) => i);
    const run = () => take(fakeSource(8, torn(...every)), 1, { onBadSample: (bad) => reports.push(bad) });
    await expectError(run, 'corrupt-data', /^10 samples in a row are bad; the last is key\d: sample \d is torn$/);
    expect(reports.length).toBe(10);
  });
});
