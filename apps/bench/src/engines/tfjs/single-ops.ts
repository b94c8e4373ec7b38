import { dispose, grad, grads, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { checksum } from '../../checksum.ts';
import type { Spec } from '../../workloads/workload.ts';
import type { Prepared } from '../engine.ts';
import type { Model } from './model.ts';

type Inputs = Readonly<Record<string, Tensor>>;

export function prepareGemm(
  { transposeA, transposeB }: Extract<Spec, { kind: 'gemm' }>,
  { a, b }: Inputs,
  { product }: Model,
): Prepared {
  return prepareOp({ a, b }, () => product(a, b, transposeA, transposeB));
}

/** Forward and backward. The checksum is that of the gradient. */
export function prepareAttention(
  { heads }: Extract<Spec, { kind: 'attention' }>,
  { qkv, dy }: Inputs,
  { attention }: Model,
): Prepared {
  const gradient = grad((x: Tensor) => attention(x as Tensor3D, heads));
  return prepareOp({ qkv, dy }, () => gradient(qkv, dy));
}

/** Forward and backward. The checksum is that of the gradient of `x`. */
export function prepareLayerNorm({ x, dy, scale, bias }: Inputs, { layerNorm }: Model): Prepared {
  const gradients = grads((input: Tensor, inputScale: Tensor, inputBias: Tensor) =>
    layerNorm(input, { scale: inputScale, bias: inputBias }),
  );
  return prepareOp({ x, dy, scale, bias }, () => gradients([x, scale, bias], dy)[0]);
}

function prepareOp(inputs: Inputs, compute: () => Tensor): Prepared {
  let last: Tensor | undefined;
  return {
    async run(repeats) {
      for (let i = 0; i < repeats; i++) {
        last?.dispose();
        last = tidy(compute);
      }
      // Backends that compute behind our backs are waited for; the others have the numbers at hand.
      await last?.data();
    },
    value: async () => checksum((await last?.data()) ?? []),
    release: () => dispose([...Object.values(inputs), ...(last ? [last] : [])]),
  };
}
