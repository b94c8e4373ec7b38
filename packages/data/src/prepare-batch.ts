import { createRng, isVitrailError, type Rng, VitrailError } from '@vitrail/core';
import type { BadSample } from './bad-samples.ts';
import type { Batch, BatchSample, LoadOptions } from './batch.ts';
import { emptyViews, writeViews } from './images/views.ts';
import { limiter } from './limiter.ts';
import type { Sample, SampleSource } from './sample.ts';

/** Samples that are read, decoded and cropped at the same time: enough to hide the latency of a disk or a server, few enough for memory. */
const SAMPLES_AT_ONCE = 16;

/** Draws for one row of a batch. With the 5 % of bad samples that a run may have, ten in a row come once in 10^13. */
export const DRAWS_PER_ROW = 10;

/** A batch, and for each of its rows the draws that were bad; a row with {@link DRAWS_PER_ROW} of them is empty. */
export type PreparedBatch = { readonly batch: Batch; readonly bad: readonly (readonly BadSample[])[] };

/**
 * A function that makes the batch of a step. The samples of all batches under way share the places for work at the same time, first come, first
 * served; setting `run.stopped` keeps further ones from being read.
 */
export function batchPreparer(
  source: SampleSource,
  options: Pick<LoadOptions, 'batchSize' | 'views' | 'seed' | 'requireCaptions'>,
  run: { stopped: boolean },
): (step: number) => Promise<PreparedBatch> {
  const { batchSize, views, seed, requireCaptions = true } = options;
  const root = createRng(seed);
  const orderOf = epochOrders(root, source.size);
  const place = limiter(SAMPLES_AT_ONCE);

  return async (step) => {
    const made = emptyViews(views, batchSize);
    const samples: BatchSample[] = new Array(batchSize);
    const bad: BadSample[][] = Array.from({ length: batchSize }, () => []);

    const fillRow = async (row: number) => {
      const position = step * batchSize + row;
      const epoch = Math.floor(position / source.size);
      for (let attempt = 0; attempt < DRAWS_PER_ROW && !run.stopped; attempt++) {
        const isFirst = attempt === 0;
        const index = isFirst
          ? orderOf(epoch)[position % source.size]
          : root.fork('redraw', position, attempt).integer(0, source.size);
        // Another draw of this epoch may have had the same sample: the replacement's crops are named by its place as well.
        const stream = isFirst ? root.fork('views', epoch, index) : root.fork('views', epoch, index, 'redraw', position);
        try {
          const sample = await source.read(index);
          if (requireCaptions) requireCaption(sample);
          writeViews(sample.image, views, stream, { ...made, row });
          samples[row] = { epoch, index, key: sample.key, captions: sample.captions };
          return;
        } catch (error) {
          if (!(isVitrailError(error) && error.code === 'corrupt-data')) throw error;
          bad[row].push({ key: source.key?.(index) ?? `sample ${index}`, index, reason: error.message });
        }
      }
    };
    const rows = await Promise.allSettled(Array.from({ length: batchSize }, (_, row) => place(() => fillRow(row))));
    const failed = rows.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return { batch: { step, samples, ...made }, bad };
  };
}

function requireCaption({ captions, classIndex }: Sample): void {
  const texts = Object.values(captions).flat();
  if (texts.some((text) => text.trim() !== '')) return;
  const hint = classIndex === undefined ? '' : ' (it has a class: mosaic:SHARDS?grid=1 makes captions of classes)';
  throw new VitrailError('corrupt-data', `it has no caption${hint}`);
}

/** The order of each epoch; the latest two are kept, for batches on either side of the seam. */
function epochOrders(root: Rng, size: number): (epoch: number) => Int32Array {
  const orders = new Map<number, Int32Array>();
  return (epoch) => {
    let order = orders.get(epoch);
    if (order === undefined) {
      order = root.fork('order', epoch).permutation(size);
      if (orders.size >= 2) orders.delete(Math.min(...orders.keys()));
      orders.set(epoch, order);
    }
    return order;
  };
}
