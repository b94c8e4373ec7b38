import {
  customGrad,
  engine,
  type GradSaveFunc,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';

/**
 * The names under which faster kernels may be registered for a backend (`registerKernel` of tfjs-core). Inputs, attributes and outputs of
 * each are in the table `Kernels` of the README; what they compute is what the composition of the op computes. Any subset may be there.
 */
export const kernelNames = [
  'VitrailLayerNorm',
  'VitrailLayerNormGrad',
  'VitrailLinear',
  'VitrailLinearGrad',
  'VitrailActivation',
  'VitrailActivationGrad',
  'VitrailSwiglu',
  'VitrailSwigluGrad',
  'VitrailAttention',
  'VitrailAttentionGrad',
  'VitrailTakeRows',
  'VitrailTakeRowsGrad',
  'VitrailPutRows',
  'VitrailL2Normalize',
  'VitrailL2NormalizeGrad',
  'VitrailSoftTargetCrossEntropy',
  'VitrailSoftTargetCrossEntropyGrad',
] as const;

/** One of {@link kernelNames}. */
export type KernelName = (typeof kernelNames)[number];

/** Names of the inputs that need not be float32: indices and masks. */
const OF_OTHER_TYPES = new Set(['rows', 'keyMask']);

/**
 * Runs the kernel `name` if one is registered for the current backend, else `composition`. Inputs that are `undefined` are left out of
 * what the kernel gets. A kernel returns as many outputs, in the same order, as the composition; or none, for inputs that it leaves to the
 * composition.
 *
 * Kernels read float32 and do not look: where another input than `rows` (int32) and `keyMask` has another type, the composition runs.
 *
 * Packages with kernels of their own give their names as the type: `runOrCompose<'MyKernel'>('MyKernel', ...)`.
 */
export function runOrCompose<Name extends string = KernelName>(
  name: NoInfer<Name>,
  inputs: Readonly<Record<string, Tensor | undefined>>,
  attributes: NamedAttrMap,
  composition: () => Tensor[],
): Tensor[] {
  if (getKernel(name, getBackend()) === undefined) return composition();
  const present: Record<string, Tensor> = {};
  for (const [input, tensor] of Object.entries(inputs)) {
    if (tensor === undefined) continue;
    if (tensor.dtype !== 'float32' && !OF_OTHER_TYPES.has(input)) return composition();
    present[input] = tensor;
  }
  const outputs: Tensor | Tensor[] = engine().runKernel(name, present, attributes);
  const all = Array.isArray(outputs) ? outputs : [outputs];
  return all.length > 0 ? all : composition();
}

/**
 * An op that is one entry on the gradient tape: `forward` gives the value and what `backward` needs of it, `backward` gives one gradient
 * per input, in order. Tensors that need no gradient (indices, masks) are closed over; if `backward` needs them they belong in `saved`
 * too, because the caller may dispose them before it runs. Nothing is saved when no gradient is being taken.
 */
export function differentiable<T extends Tensor>(
  inputs: readonly Tensor[],
  forward: () => { value: Tensor; saved: Tensor[] },
  backward: (dy: T, saved: Tensor[]) => Tensor[],
): T {
  const op = customGrad<T>((...args) => {
    const save = args[args.length - 1] as GradSaveFunc;
    const { value, saved } = forward();
    save(saved);
    // tfjs tidies what a forward function leaves, but keeps what a backward function leaves until the whole backward pass is over.
    return { value: value as T, gradFunc: (dy, kept) => tidy(() => backward(dy, kept)) };
  });
  return op(...inputs);
}
