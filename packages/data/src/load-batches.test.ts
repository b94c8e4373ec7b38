import { createRng, VitrailError } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import { expectError } from '../test/expect-error.ts';
import { type FakeSource, fakeSource } from '../test/fake-source.ts';
import { indices, OPTIONS, settle, TINY, take, torn, VIEWS } from '../test/take-batches.ts';
import type { LoadOptions } from './batch.ts';
import { byolViews } from './images/augmentation/named-augmentations.ts';
import { makeViews } from './images/views.ts';
import { loadBatches } from './load-batches.ts';

describe('the order', () => {
  it('has every sample once in every epoch, across the seams between batches, in an order of its own', async () => {
    const batches = await take(fakeSource(10), 10); // 40 samples: 4 epochs
    expect(batches.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const order = indices(batches);
    const epochs = [0, 1, 2, 3].map((epoch) => order.slice(epoch * 10, epoch * 10 + 10));
    for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(epochs.map(String)).size).toBe(4);
    expect(batches.flatMap(({ samples }) => samples.map(({ epoch }) => epoch))).toEqual(
      Array.from({ length: 40 }, (_, p) => Math.floor(p / 10)),
    );
  });

  it('is the documented function of seed and position, as are the crops', async () => {
    const source = fakeSource(10);
    const batches = await take(source, 4);
    const root = createRng(7);
    for (const { step, samples, global, locals } of batches) {
      for (let row = 0; row < 4; row++) {
        const position = step * 4 + row;
        const epoch = Math.floor(position / 10);
        const index = root.fork('order', epoch).permutation(10)[position % 10];
        expect(samples[row]).toEqual({ epoch, index, key: `key${index}`, captions: { alt: `caption ${index}` } });
        const views = makeViews((await source.read(index)).image, VIEWS, root.fork('views', epoch, index));
        expect(global.subarray(row * 48, (row + 1) * 48)).toEqual(views.global);
        expect(locals.subarray(row * 24, (row + 1) * 24)).toEqual(views.locals);
      }
      expect([global.length, locals.length]).toEqual([4 * 48, 4 * 24]);
    }
  });

  it('is the same whichever sample arrives first, and however many batches are prepared ahead', async () => {
    const expected = await take(fakeSource(10), 6);
    const turns = (index: number) => new Promise<void>((resolve) => setTimeout(resolve, (index * 5) % 4));
    expect(await take(fakeSource(10, { before: turns }), 6)).toEqual(expected);
    for (const prefetch of [1, 5]) expect(await take(fakeSource(10), 6, { prefetch })).toEqual(expected);
  });

  it('goes on from any step as if it had never stopped, to the byte', async () => {
    const expected = await take(fakeSource(10), 9);
    expect(await take(fakeSource(10), 4, { startStep: 5 })).toEqual(expected.slice(5));
    const resumed = fakeSource(10);
    await take(resumed, 1, { startStep: 1_000_000, prefetch: 1 });
    expect(resumed.begun.length).toBe(4);
  });

  it('has the augmented views of each sample, after a resume too, and the same rest as without them', async () => {
    const views = { ...VIEWS, augmented: byolViews(3) };
    const source = fakeSource(10);
    const batches = await take(source, 6, { views });
    for (const { samples, augmented = [] } of batches) {
      expect(augmented.map(({ length }) => length)).toEqual([4 * 27, 4 * 27]);
      for (const [row, { epoch, index }] of samples.entries()) {
        const { image } = await source.read(index);
        const expected = makeViews(image, views, createRng(7).fork('views', epoch, index)).augmented;
        expect(augmented.map((view) => view.subarray(row * 27, (row + 1) * 27))).toEqual(expected);
      }
    }
    expect(await take(fakeSource(10), 2, { views, startStep: 4 })).toEqual(batches.slice(4));
    expect(batches.map(({ augmented, ...rest }) => rest)).toEqual(await take(fakeSource(10), 6));
  });

  it('is another for another seed; a seed may be a word', async () => {
    const one = indices(await take(fakeSource(50), 10));
    expect(indices(await take(fakeSource(50), 10, { seed: 8 }))).not.toEqual(one);
    expect(indices(await take(fakeSource(50), 10, { seed: 'word' }))).not.toEqual(one);
    expect(indices(await take(fakeSource(50), 10, { seed: '7' }))).toEqual(one);
  });

  it('may have batches as large as the source, each a whole epoch', async () => {
    const batches = await take(fakeSource(5), 4, { batchSize: 5, prefetch: 4 });
    for (const batch of batches) expect(indices([batch]).sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('reading ahead', () => {
  it.each([1, 2, 3])('prepares %s batches beyond the one in use, and no more', async (prefetch) => {
    const source = fakeSource(100);
    const batches = loadBatches(source, { ...OPTIONS, prefetch });
    await settle();
    expect(source.begun.length).toBe(0);
    for (const used of [1, 2, 3]) {
      await batches.next();
      await settle();
      expect(source.begun.length).toBe(4 * (used + prefetch));
    }
    await batches.return();
    expect(source.begun.length).toBe(4 * (3 + prefetch));
  });

  it('lets the consumer start before it makes further samples', async () => {
    const source = fakeSource(100);
    const batches = loadBatches(source, { ...OPTIONS, prefetch: 1 });
    await batches.next();
    expect(source.begun.length).toBe(4);
    await settle();
    expect(source.begun.length).toBe(8);
    await batches.return();
  });

  it('reads at most 16 samples at the same time, in the order in which they are needed', async () => {
    const source = fakeSource(100, { before: settle });
    const batches = await take(source, 2, { batchSize: 40, prefetch: 2, views: TINY });
    expect(source.underWay.most).toBe(16);
    expect(source.begun.slice(0, 80)).toEqual(indices(batches));
  });

  /** A source whose reads end when the test says so. */
  function gated(): { source: FakeSource; open(): void } {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { source: fakeSource(100, { before: () => gate }), open };
  }

  it('waits on ending for what is being read, and reads nothing after it', async () => {
    const order = createRng(7).fork('order', 0).permutation(100);
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const first = new Set(order.subarray(0, 40));
    const source = fakeSource(100, { before: (index) => (first.has(index) ? undefined : gate) });
    const batches = loadBatches(source, { ...OPTIONS, batchSize: 40, views: TINY });
    await batches.next();
    await settle();
    expect(source.underWay.now).toBe(16);

    let hasEnded = false;
    const ending = batches.return().then(() => {
      hasEnded = true;
    });
    await settle();
    expect(hasEnded).toBe(false);
    open();
    await ending;
    expect(source.underWay.now).toBe(0);
    await settle();
    expect(source.begun.length).toBe(40 + 16);
  });

  it('may be ended before it was begun', async () => {
    const { source, open } = gated();
    await loadBatches(source, OPTIONS).return();
    open();
    await settle();
    expect(source.begun).toEqual([]);
  });

  it('waits for the other reads when one fails', async () => {
    const order = createRng(7).fork('order', 0).permutation(100);
    const source = fakeSource(100, {
      before: async (index) => {
        if (index === order[0]) throw new VitrailError('io', 'unplugged');
        await settle();
      },
    });
    await expectError(() => take(source, 1), 'io', /unplugged/);
    expect(source.underWay.now).toBe(0);
    const { length } = source.begun;
    await settle();
    expect(source.begun.length).toBe(length);
  });
});

describe('errors', () => {
  it.each([
    ['io', new VitrailError('io', 'unplugged')],
    ['a decoder that is not installed', new VitrailError('unavailable', 'no sharp')],
    ['a mistake in the source', new TypeError('x is undefined')],
  ])('of the source pass as they are, after the batches before: %s', async (_, error) => {
    const order = createRng(7).fork('order', 0).permutation(100);
    const failing = new Set(order.subarray(9)); // Row 1 of batch 2; batches 3 and 4, which are under way then, fail as well.
    const source = fakeSource(100, {
      before: (index) => {
        if (failing.has(index)) throw error;
      },
    });
    const delivered: number[] = [];
    const run = async () => {
      for await (const { step } of loadBatches(source, { ...OPTIONS, prefetch: 3 })) {
        delivered.push(step);
        await settle(); // Batches fail while this one is in use, before anybody has asked for them.
      }
    };
    await expect(run()).rejects.toBe(error);
    expect(delivered).toEqual([0, 1]);
  });

  it('of the callback end the run', async () => {
    const error = new Error('the disk with the log is full');
    const run = take(fakeSource(4, torn(2)), 1, {
      onBadSample: () => {
        throw error;
      },
    });
    await expect(run).rejects.toBe(error);
  });

  it('of the arguments are thrown at once, before anything is read', async () => {
    const source = fakeSource(100);
    const refused = (options: Partial<LoadOptions>, message: RegExp) =>
      expectError(() => void loadBatches(source, { ...OPTIONS, ...options }), 'invalid-argument', message);
    await refused({ batchSize: 0 }, /^batchSize is a whole number of at least 1, but 0 came$/);
    await refused({ batchSize: 2.5 }, /^batchSize/);
    await refused({ startStep: -1 }, /^startStep is a whole number of at least 0/);
    await refused({ prefetch: 0 }, /^prefetch is a whole number of at least 1/);
    await refused({ views: { ...VIEWS, flip: 2 } }, /^views\.flip/);
    await refused({ seed: 0.5 }, /a seed is a whole number/);
    await expectError(
      () => void loadBatches(fakeSource(3), OPTIONS),
      'missing-data',
      /^a batch of 4 needs as many samples, but there are only 3: 3 fake samples$/,
    );
    expect(source.begun).toEqual([]);
  });
});
