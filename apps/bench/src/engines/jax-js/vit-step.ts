import { type Array as JaxArray, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { unflattenTree } from '@vitrail/core';
import type { Spec } from '../../workloads/workload.ts';
import type { Prepared } from '../engine.ts';
import { attention, layerNorm, linear } from './ops.ts';

type LinearParams = { kernel: JaxArray; bias: JaxArray };
type NormParams = { scale: JaxArray; bias: JaxArray };
type BlockParams = {
  norm1: NormParams;
  attn: { qkv: LinearParams; proj: LinearParams };
  norm2: NormParams;
  mlp: { fc1: LinearParams; fc2: LinearParams };
};
type Params = {
  patchEmbed: LinearParams;
  position: JaxArray;
  blocks: { [index: string]: BlockParams };
  norm: NormParams;
};

type Batch = { patches: JaxArray; target: JaxArray; keep: JaxArray[] };
/** `1 - beta^t` of both moments. */
type Corrections = { first: JaxArray; second: JaxArray };

const [learningRate, beta1, beta2, epsilon, weightDecay] = [1e-3, 0.9, 0.999, 1e-8, 0.05];

/** A training step as described in `workloads/vit-step.ts`, jitted as a whole. Takes over the inputs. */
export function prepareVitStep(
  { heads }: Extract<Spec, { kind: 'vit-step' }>,
  { patches, target, keep, ...rest }: Readonly<Record<string, JaxArray>>,
): Prepared {
  const batch: Batch = {
    patches,
    target,
    keep: keep === undefined ? [] : [keep.reshape([...keep.shape, 1]).astype(np.int32)],
  };
  const step = jit(
    (params: Params, first: Params, second: Params, { patches, target, keep }: Batch, corrections: Corrections) => {
      const loss = (p: Params) => np.mean(np.square(vit(p, patches, keep, heads).sub(target)));
      const [value, gradients] = valueAndGrad(loss)(tree.ref(params));
      const m = tree.map((mean: JaxArray, g: JaxArray) => mean.mul(beta1).add(g.mul(1 - beta1)), first, tree.ref(gradients));
      const v = tree.map((mean: JaxArray, g: JaxArray) => mean.mul(beta2).add(np.square(g).mul(1 - beta2)), second, gradients);
      const update = (p: JaxArray, mean: JaxArray, square: JaxArray) => {
        const deviation = np.sqrt(square.div(corrections.second.ref)).add(epsilon);
        return p.mul(1 - learningRate * weightDecay).sub(mean.div(corrections.first.ref).div(deviation).mul(learningRate));
      };
      const updated = tree.map(update, params, tree.ref(m), tree.ref(v));
      tree.dispose(corrections);
      return [value, updated, m, v] as [JaxArray, Params, Params, Params];
    },
  );

  let params = parametersOf(rest);
  let first = tree.map((p: JaxArray) => np.zerosLike(p), tree.ref(params)) as Params;
  let second = tree.map((p: JaxArray) => np.zerosLike(p), tree.ref(params)) as Params;
  let t = 0;
  let loss = 0;
  return {
    async run(repeats) {
      for (let i = 0; i < repeats; i++) {
        t++;
        const corrections = { first: np.array(1 - beta1 ** t), second: np.array(1 - beta2 ** t) };
        const [value, ...next] = step(params, first, second, tree.ref(batch), corrections);
        [params, first, second] = next as [Params, Params, Params];
        for (const array of tree.leaves(params)) await (array as JaxArray).blockUntilReady();
        loss = (await (value as JaxArray).data())[0];
      }
    },
    value: () => loss,
    release() {
      tree.dispose([params, first, second, batch]);
      step.dispose();
    },
  };
}

/** `keep` holds the tokens `[B, K, 1]` that are kept, or nothing where all of them are. */
function vit({ patchEmbed, position, blocks, norm }: Params, patches: JaxArray, [keep]: JaxArray[], heads: number): JaxArray {
  const placed = linear(patches, patchEmbed).add(position);
  const tokens = keep === undefined ? placed : np.takeAlongAxis(placed, keep, 1); // [B, K, D]
  return layerNorm(
    Object.values(blocks).reduce((x, block) => applyBlock(block, x, heads), tokens),
    norm,
  );
}

function applyBlock({ norm1, attn, norm2, mlp }: BlockParams, x: JaxArray, heads: number): JaxArray {
  const attended = x.ref.add(linear(attention(linear(layerNorm(x, norm1), attn.qkv), heads), attn.proj));
  return attended.ref.add(linear(nn.gelu(linear(layerNorm(attended, norm2), mlp.fc1)), mlp.fc2));
}

function parametersOf(inputs: Readonly<Record<string, JaxArray>>): Params {
  const entries = Object.entries(inputs).map(([name, array]): [string, JaxArray] => [name.slice('params.'.length), array]);
  return unflattenTree(Object.fromEntries(entries)) as Params;
}
