import type { Attribute, NodeBackend } from './node-backend.ts';
import { type ActivationKind, activationKinds, type Passes } from './passes.ts';

/** Where the source of the fused ops is: this file and all other `.cc` beside it, to be compiled into the addon of tfjs-node. */
export const fusedOpsSource = new URL('../native/fused-ops.cc', import.meta.url);

/** Whether the addon of this backend has the ops of {@link fusedOpsSource} and may use them: they are for the processor. */
export function hasFusedOps(backend: NodeBackend): boolean {
  if (backend.isUsingGpuDevice) return false;
  // Not by tensors of tfjs, which belong to whichever backend is the current one.
  const { binding } = backend;
  const scores = binding.createTensor([1], binding.TF_FLOAT, Float32Array.of(0));
  try {
    for (const { id } of binding.executeOp('VitrailFusedSoftmax', [], [scores], 2)) binding.deleteTensor(id);
    return true;
  } catch {
    // TensorFlow knows no op of that name.
    return false;
  } finally {
    binding.deleteTensor(scores);
  }
}

/** {@link Passes} of the ops that were compiled into the addon. */
export function fusedPasses(backend: NodeBackend): Passes {
  const { TF_ATTR_INT, TF_ATTR_FLOAT } = backend.binding;
  const kindAttributes = (kind: ActivationKind): Attribute[] => [
    { name: 'kind', type: TF_ATTR_INT, value: activationKinds.indexOf(kind) },
  ];
  return {
    activate: (x, kind) => backend.executeSingleOutput('VitrailFusedActivate', kindAttributes(kind), [x]),
    activateGrad: (dy, x, kind) => backend.executeSingleOutput('VitrailFusedActivateGrad', kindAttributes(kind), [dy, x]),
    biasActivate: (x, bias, kind) =>
      backend.executeMultipleOutputs('VitrailFusedBiasActivate', kindAttributes(kind), [x, bias], 2),
    layerNorm: (x, scale, bias, epsilon) =>
      backend.executeMultipleOutputs(
        'VitrailFusedLayerNorm',
        [{ name: 'epsilon', type: TF_ATTR_FLOAT, value: epsilon }],
        [x, scale, bias],
        3,
      ),
    layerNormGrad: (...inputs) => backend.executeMultipleOutputs('VitrailFusedLayerNormGrad', [], inputs, 3),
    softmax: (scores) => backend.executeMultipleOutputs('VitrailFusedSoftmax', [], [scores], 2),
    softmaxGrad: (...inputs) => backend.executeMultipleOutputs('VitrailFusedSoftmaxGrad', [], inputs, 2),
  };
}
