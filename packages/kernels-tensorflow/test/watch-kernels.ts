import { engine, getKernel, type KernelConfig, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { kernelNames } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import type { Case } from './cases.ts';

/** Value and gradients on the current backend, as numbers, with an irregular cotangent. */
export function differentiate({ op, shapes }: Case): Float32Array[] {
  const run = () => {
    const inputs = shapes.map((shape, i) => sampleTensor(shape as [number], i + 1));
    const { value, grads } = engine().gradients(() => op(...inputs), inputs, sampleTensor(op(...inputs).shape as [number], 7));
    return [value, ...grads].map((tensor) => tensor.dataSync() as Float32Array);
  };
  // Numbers, not tensors, come out: a tidy hands on whatever it does not know.
  return engine().tidy(run as () => never);
}

/** Puts kernels in the place of those of the same names. */
export function replaceKernels(configs: readonly KernelConfig[]): void {
  for (const config of configs) {
    unregisterKernel(config.kernelName, 'tensorflow');
    registerKernel(config);
  }
}

/** Runs `f` and returns the names of the Vitrail kernels that ran, by watching them. */
export function kernelsRunBy(f: () => void, names: readonly string[] = kernelNames): string[] {
  const ran = new Set<string>();
  const watched = names.flatMap((name) => getKernel(name, 'tensorflow') ?? []);
  replaceKernels(
    watched.map((config) => ({
      ...config,
      kernelFunc: (call) => {
        ran.add(config.kernelName);
        return config.kernelFunc(call);
      },
    })),
  );
  try {
    f();
  } finally {
    replaceKernels(watched);
  }
  return [...ran].sort();
}
