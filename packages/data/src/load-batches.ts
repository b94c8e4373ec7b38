import { VitrailError } from '@vitrail/core';
import { type BadSample, badSampleGuard } from './bad-samples.ts';
import type { Batch, LoadOptions } from './batch.ts';
import { requireViewSpec } from './images/views.ts';
import { batchPreparer, DRAWS_PER_ROW, type PreparedBatch } from './prepare-batch.ts';
import type { SampleSource } from './sample.ts';

/**
 * Batches from step `startStep` on, without end, each a pure function of (source, seed, step): row `i` of step `s` is position `p = s * batchSize + i`; its epoch is
 * `floor(p / size)`; its sample is entry `p mod size` of `createRng(seed).fork('order', epoch).permutation(size)`; its crops draw from
 * `createRng(seed).fork('views', epoch, index)`. So a run resumes at any step at once, and gets the batches it would have got.
 *
 * A bad sample (damaged, or without a caption unless `requireCaptions` is false) is replaced by a draw from `createRng(seed).fork('redraw', position, attempt)` and reported. Memory:
 * `prefetch + 1` batches and at most 16 decoded images. Ending the iteration (`break`, `return()`) waits for what is being read; nothing goes on behind it. The source
 * stays open: whoever opened it closes it.
 *
 * @throws at once: `invalid-argument` for options that cannot be met, `missing-data` when the source has fewer samples than one batch. In the place of
 *   the batch that cannot be made, those before it being delivered: `corrupt-data` when more than 5 % of the last 1,000 samples are bad (from 50 on), or ten draws for
 *   one row; any other error of the source as it is.
 * @example for await (const { step, global } of loadBatches(source, { batchSize: 64, views, seed: 0 })) { ... } // global: [64, S, S, 3]
 */
export function loadBatches(source: SampleSource, options: LoadOptions): AsyncGenerator<Batch, void, void> {
  const { batchSize, views, startStep = 0, prefetch = 2 } = options;
  const requireCount = (name: string, value: number, least: number) => {
    if (!(Number.isSafeInteger(value) && value >= least)) {
      throw new VitrailError('invalid-argument', `${name} is a whole number of at least ${least}, but ${value} came`);
    }
  };
  requireCount('batchSize', batchSize, 1);
  requireCount('startStep', startStep, 0);
  requireCount('prefetch', prefetch, 1);
  requireViewSpec(views);
  if (source.size < batchSize) {
    throw new VitrailError(
      'missing-data',
      `a batch of ${batchSize} needs as many samples, but there are only ${source.size}: ${source.description}`,
    );
  }
  const run = { stopped: false };
  return generate(batchPreparer(source, options, run), run, { ...options, startStep, prefetch });
}

async function* generate(
  prepare: ReturnType<typeof batchPreparer>,
  run: { stopped: boolean },
  { startStep, prefetch, onBadSample }: LoadOptions & { startStep: number; prefetch: number },
): AsyncGenerator<Batch, void, void> {
  const guard = badSampleGuard();
  // Failures wait in the queue as values: a promise that is rejected before anyone awaits it would end the process.
  const queue: Promise<PreparedBatch | { error: unknown }>[] = [];
  let next = startStep;
  const fill = () => {
    while (queue.length < prefetch) queue.push(prepare(next++).catch((error: unknown) => ({ error })));
  };
  let refill: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      fill();
      const prepared = await (queue.shift() as (typeof queue)[number]);
      if ('error' in prepared) throw prepared.error;
      for (const row of prepared.bad) report(row, guard, onBadSample);
      // The consumer goes first: making samples may keep this thread busy, and a GPU should have its work before that.
      refill = setTimeout(fill, 0);
      yield prepared.batch;
      clearTimeout(refill);
    }
  } finally {
    clearTimeout(refill);
    run.stopped = true;
    await Promise.all(queue);
  }
}

function report(
  bad: readonly BadSample[],
  guard: ReturnType<typeof badSampleGuard>,
  onBadSample: LoadOptions['onBadSample'],
): void {
  for (const each of bad) {
    onBadSample?.(each);
    guard(each);
  }
  if (bad.length === DRAWS_PER_ROW) {
    const { key, reason } = bad[DRAWS_PER_ROW - 1];
    throw new VitrailError('corrupt-data', `${DRAWS_PER_ROW} samples in a row are bad; the last is ${key}: ${reason}`);
  }
  guard(undefined);
}
