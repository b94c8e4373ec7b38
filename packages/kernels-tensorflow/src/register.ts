import { findBackend, getBackend } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { adamW } from './adamw.ts';
import { attention, attentionGrad } from './attention.ts';
import { composedPasses } from './composed-passes.ts';
import { backendName, registerOnce, type Tools } from './define-kernel.ts';
import { fusedPasses, hasFusedOps } from './fused-passes.ts';
import { layerNorm, layerNormGrad } from './layer-norm.ts';
import { activation, activationGrad, linear, linearGrad } from './linear.ts';
import type { NodeBackend } from './node-backend.ts';
import { products as productsOf } from './products.ts';
import { swiglu, swigluGrad } from './swiglu.ts';

/** The kernels for which TensorFlow's own ops are enough. */
export const kernels = [linear, linearGrad, activation, activationGrad, layerNorm, layerNormGrad, attention, attentionGrad];

/** Those that are faster by fused ops only. */
const fusedKernels = [swiglu, swigluGrad, adamW];

/**
 * Registers the kernels of this package for the backend `tensorflow` of tfjs-node, under the names that `@vitrail/ops` and
 * `@vitrail/optim` look for. They are used from then on, whenever that backend is the current one. Where the addon has the fused
 * ops ({@link fusedOpsSource}) and computes on the processor, they use them. A second call does nothing; a kernel of another
 * package under one of the names stays.
 *
 * @throws `unavailable` when tfjs-node is not loaded
 * @example registerTensorflowKernels() // after import '@tensorflow/tfjs-node'; startBackend('tensorflow') calls it itself
 */
export function registerTensorflowKernels(): void {
  const backend = findBackend(backendName) as NodeBackend | null;
  if (backend === null) {
    throw new VitrailError(
      'unavailable',
      `kernels for the backend tensorflow need tfjs-node, which is not loaded (the backend is ${getBackend() || 'not chosen'}). ` +
        "What to do: startBackend('tensorflow') of @vitrail/backend, which loads it and calls this",
    );
  }
  for (const kernel of hasFusedOps(backend) ? [...kernels, ...fusedKernels] : kernels) registerOnce(kernel(toolsOf));
}

const tools = new WeakMap<NodeBackend, Tools>();

/** What kernels on this backend are made of; a backend that is removed and made again gets its own. */
function toolsOf(backend: NodeBackend): Tools {
  const known = tools.get(backend);
  if (known !== undefined) return known;
  const products = productsOf(backend);
  const made = { backend, products, passes: hasFusedOps(backend) ? fusedPasses(backend) : composedPasses(products) };
  tools.set(backend, made);
  return made;
}
