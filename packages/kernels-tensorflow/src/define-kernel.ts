import { getKernel, type KernelConfig, registerKernel, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { NodeBackend } from './node-backend.ts';
import type { Passes } from './passes.ts';
import type { Products } from './products.ts';

/** The name under which tfjs-node registers its backend. */
export const backendName = 'tensorflow';

/** What kernels are made of. */
export type Tools = { readonly backend: NodeBackend; readonly products: Products; readonly passes: Passes };

/** Inputs of a kernel by name; `undefined` where an optional one is absent. */
type Inputs = Readonly<Record<string, Tensor | undefined>>;

/** A kernel without the tools that it runs with: those for the backend that is there when it runs. */
export type Kernel = (toolsOf: (backend: NodeBackend) => Tools) => KernelConfig;

/**
 * A kernel with the names and shapes of the table in the README of the package that asks for it. What it makes and does not
 * return is disposed.
 */
export function defineKernel<I extends Inputs, A = object>(
  kernelName: string,
  compute: (inputs: I, attributes: A, tools: Tools) => Tensor[],
): Kernel {
  return (toolsOf) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      // What the engine gives is what `runKernel` was given: the tensors and attributes of the table.
      const given = inputs as unknown as I;
      return tidy(() => compute(given, attrs as unknown as A, toolsOf(backend as NodeBackend)));
    },
  });
}

/** Registers a kernel unless one of that name is there. */
export function registerOnce(config: KernelConfig): void {
  if (getKernel(config.kernelName, config.backendName) === undefined) registerKernel(config);
}
