import type { Device } from './device.ts';
import { product } from './kernels/product.ts';
import { type ProductTuning, productTuning, type Tile } from './tuning.ts';

/**
 * Measures matrix products on a device with the tiles of its tuning, and gives that tuning with the costs measured, the fastest first: what
 * to enter in the table of `tuning.ts` for this adapter (`device.backend.device.adapterInfo`). Nothing calls it when a program starts.
 *
 * Every tile is measured on products `[size, size] [size, size]` of float32 in the three transpositions of a layer and its gradients, the best
 * of `runs` runs of each; times are those from submission until the queue is done, so `size` must be large enough that a run takes
 * milliseconds.
 *
 * @param candidates tiles in place of those of the device's tuning
 */
export async function tuneProducts(
  device: Device,
  { candidates, size = 1024, runs = 5 }: { candidates?: readonly Tile[]; size?: number; runs?: number } = {},
): Promise<ProductTuning> {
  const known = productTuning(device);
  const [a, b] = [device.output([size, size]), device.output([size, size])];
  const c = device.output([size, size]);
  const times: { tile: Tile; time: number }[] = [];
  try {
    for (const tile of candidates ?? known.tiles.map(({ tile }) => tile)) {
      const tuning: ProductTuning = { ...known, tiles: [{ tile, cost: 1 }] };
      let time = 0;
      for (const [transposeA, transposeB] of [
        [false, false],
        [false, true],
        [true, false],
      ]) {
        const run = () =>
          timeOf(device, () =>
            product(
              device,
              { values: a, transpose: transposeA },
              { values: b, transpose: transposeB },
              { values: c },
              { rows: size, columns: size, depth: size },
              { tuning },
            ),
          );
        // The first run compiles.
        await run();
        let best = await run();
        for (let i = 1; i < runs; i++) best = Math.min(best, await run());
        time += best;
      }
      times.push({ tile, time });
    }
  } finally {
    for (const { dataId } of [a, b, c]) device.backend.disposeData(dataId);
  }
  times.sort((one, other) => one.time - other.time);
  return { ...known, tiles: times.map(({ tile, time }) => ({ tile, cost: time / times[0].time })) };
}

/** Milliseconds from submission until the device is done. */
async function timeOf({ backend }: Device, launch: () => void): Promise<number> {
  await backend.device.queue.onSubmittedWorkDone();
  launch();
  backend.endComputePassEncoder();
  const start = performance.now();
  backend.submitQueue();
  await backend.device.queue.onSubmittedWorkDone();
  return performance.now() - start;
}
