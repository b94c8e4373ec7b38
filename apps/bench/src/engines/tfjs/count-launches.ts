import { getBackend, profile } from '@tensorflow/tfjs-core';

/** Kernels of tfjs that hand on the data of their input: nothing is computed. */
const views = new Set(['Reshape', 'Identity', 'ExpandDims', 'Squeeze']);

/** The number of kernels that tfjs launches while `f` runs, those that only look at data in another shape left out. */
export async function countLaunches(f: () => void): Promise<number> {
  if (getBackend() === 'webgpu') return countDispatches(f);
  const { kernels } = await profile(() => {
    f();
    return [];
  });
  return kernels.filter(({ name }) => !views.has(name)).length;
}

/** On a GPU a kernel of tfjs may be several launches or none: those that reach the device are counted. */
function countDispatches(f: () => void): number {
  const { prototype } = GPUComputePassEncoder;
  const { dispatchWorkgroups } = prototype;
  let count = 0;
  prototype.dispatchWorkgroups = function (...sizes) {
    count++;
    return dispatchWorkgroups.apply(this, sizes);
  };
  try {
    f();
  } finally {
    prototype.dispatchWorkgroups = dispatchWorkgroups;
  }
  return count;
}
