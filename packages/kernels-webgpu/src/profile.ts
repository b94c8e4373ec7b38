/** GPU time that a kernel took, over all its launches. */
export type KernelTime = {
  /** The name of one of our shaders, or of a program of tfjs as its keys begin with it: `unary`, `matMulPacked`. */
  kernel: string;
  launches: number;
  milliseconds: number;
};

/** Launches that one set of queries times: two timestamps each, of the 4,096 that a set can have. */
const LAUNCHES_PER_SET = 2048;

/** `QUERY_RESOLVE | COPY_SRC` */
const RESOLVE_USAGE = 0x200 | 0x04;
/** `MAP_READ | COPY_DST` */
const READ_USAGE = 0x01 | 0x08;
const MAP_READ = 1;

/** The timestamps of launches, one compute pass each. */
export class Profile {
  readonly #device: GPUDevice;
  readonly #sets: GPUQuerySet[] = [];
  readonly #kernels: string[] = [];

  /** @param device with the feature `timestamp-query` */
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** What the compute pass of the next launch, of this kernel, has to write. */
  next(kernel: string): GPUComputePassTimestampWrites {
    const index = this.#kernels.push(kernel) - 1;
    const set = Math.floor(index / LAUNCHES_PER_SET);
    this.#sets[set] ??= this.#device.createQuerySet({ type: 'timestamp', count: 2 * LAUNCHES_PER_SET });
    const first = 2 * (index % LAUNCHES_PER_SET);
    return { querySet: this.#sets[set], beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
  }

  /** The times of all launches that were submitted, by kernel, the longest first. Ends the profile. */
  async times(): Promise<KernelTime[]> {
    const stamps = await Promise.all(this.#sets.map((set) => this.#read(set)));
    const byKernel = new Map<string, KernelTime>();
    for (const [index, kernel] of this.#kernels.entries()) {
      const set = stamps[Math.floor(index / LAUNCHES_PER_SET)];
      const first = 2 * (index % LAUNCHES_PER_SET);
      const { launches, milliseconds } = byKernel.get(kernel) ?? { launches: 0, milliseconds: 0 };
      const nanoseconds = Number(set[first + 1] - set[first]);
      byKernel.set(kernel, { kernel, launches: launches + 1, milliseconds: milliseconds + nanoseconds / 1e6 });
    }
    return [...byKernel.values()].sort((a, b) => b.milliseconds - a.milliseconds);
  }

  async #read(set: GPUQuerySet): Promise<BigUint64Array> {
    const size = 8 * set.count;
    const resolved = this.#device.createBuffer({ size, usage: RESOLVE_USAGE });
    const staging = this.#device.createBuffer({ size, usage: READ_USAGE });
    const encoder = this.#device.createCommandEncoder();
    encoder.resolveQuerySet(set, 0, set.count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ);
    const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
    for (const resource of [resolved, staging, set]) resource.destroy();
    return stamps;
  }
}
