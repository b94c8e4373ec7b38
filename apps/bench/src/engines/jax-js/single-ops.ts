import { grad, type Array as JaxArray, jit, numpy as np } from '@jax-js/jax';
import { checksum } from '../../checksum.ts';
import type { Spec } from '../../workloads/workload.ts';
import type { Prepared } from '../engine.ts';
import { attention, layerNorm } from './ops.ts';

type Inputs = Readonly<Record<string, JaxArray>>;

export function prepareGemm({ transposeA, transposeB }: Extract<Spec, { kind: 'gemm' }>, { a, b }: Inputs): Prepared {
  const turned = (x: JaxArray, isTurned: boolean) => (isTurned ? np.matrixTranspose(x) : x);
  const product = jit((left: JaxArray, right: JaxArray) => np.matmul(turned(left, transposeA), turned(right, transposeB)));
  return prepareOp({ a, b }, () => [product(a.ref, b.ref)]);
}

export function prepareAttention({ heads }: Extract<Spec, { kind: 'attention' }>, { qkv, dy }: Inputs): Prepared {
  const gradient = jit(grad((x: JaxArray, dOut: JaxArray) => np.sum(attention(x, heads).mul(dOut))));
  return prepareOp({ qkv, dy }, () => [gradient(qkv.ref, dy.ref)]);
}

export function prepareLayerNorm({ x, dy, scale, bias }: Inputs): Prepared {
  const loss = (input: JaxArray, inputScale: JaxArray, inputBias: JaxArray, dOut: JaxArray) =>
    np.sum(layerNorm(input, { scale: inputScale, bias: inputBias }).mul(dOut));
  const gradients = jit(grad(loss, { argnums: [0, 1, 2] }));
  return prepareOp({ x, dy, scale, bias }, () => gradients(x.ref, scale.ref, bias.ref, dy.ref));
}

/** Measures `compute`; the checksum is that of its first result. */
function prepareOp(inputs: Inputs, compute: () => readonly JaxArray[]): Prepared {
  let last: readonly JaxArray[] = [];
  return {
    async run(repeats) {
      for (let i = 0; i < repeats; i++) {
        for (const result of last) result.dispose();
        last = compute();
        for (const result of last) await result.blockUntilReady();
      }
    },
    value: async () => checksum((await last[0].ref.data()) as Float32Array),
    release() {
      for (const array of [...Object.values(inputs), ...last]) array.dispose();
    },
  };
}
