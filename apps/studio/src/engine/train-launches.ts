import { getBackend, getKernelsForBackend, memory } from '@tensorflow/tfjs-core';

/** What the kernels of a step did. */
export type KernelWork = {
  /** Kernels that were launched, those that only look at data in another shape left out. */
  readonly launches: number;
  /** The most bytes that tensors took at a time. */
  readonly peakBytes: number;
};

/** Kernels of tfjs that hand on the data of their input: nothing is computed. */
const views = new Set(['Reshape', 'Identity', 'ExpandDims', 'Squeeze']);

let launches = 0;
let peakBytes = 0;
const watched = new Set<string>();

/**
 * Watches the kernels of the current backend from now on: on a GPU those that reach the device, since a kernel of tfjs may be several launches
 * there or none.
 *
 * @returns gives what was done since it was asked before
 */
export function watchKernels(): () => KernelWork {
  const name = getBackend();
  if (!watched.has(name)) {
    watched.add(name);
    if (name === 'webgpu') watchDispatches();
    else watchCalls(name);
  }
  return () => {
    const work = { launches, peakBytes };
    launches = 0;
    peakBytes = 0;
    return work;
  };
}

function count(): void {
  launches++;
  peakBytes = Math.max(peakBytes, memory().numBytes);
}

function watchDispatches(): void {
  const { prototype } = GPUComputePassEncoder;
  const { dispatchWorkgroups } = prototype;
  prototype.dispatchWorkgroups = function (...sizes) {
    count();
    return dispatchWorkgroups.apply(this, sizes);
  };
}

function watchCalls(backendName: string): void {
  for (const kernel of getKernelsForBackend(backendName)) {
    if (views.has(kernel.kernelName)) continue;
    const { kernelFunc } = kernel;
    kernel.kernelFunc = (parameters) => {
      count();
      return kernelFunc(parameters);
    };
  }
}
