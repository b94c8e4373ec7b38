import {
  cast,
  dispose,
  mean,
  type Scalar,
  square,
  sub,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, unflattenTree } from '@vitrail/core';
import type { Spec } from '../../workloads/workload.ts';
import type { Prepared } from '../engine.ts';
import { countLaunches } from './count-launches.ts';
import type { Model, VitStepParams } from './model.ts';

type VitStep = Extract<Spec, { kind: 'vit-step' }>;

/** A training step as described in `workloads/vit-step.ts`. Takes over the inputs. */
export async function prepareVitStep(spec: VitStep, inputs: Readonly<Record<string, Tensor>>, model: Model): Promise<Prepared> {
  const optimizer = model.optimizer({ learningRate: 1e-3, weightDecay: 0.05 });
  let params = parametersOf(inputs);
  let state = optimizer.init(params);
  let step = 0;
  let loss: Scalar | undefined;
  const { patches, target } = inputs;
  const keep = inputs.keep && tidy(() => cast(inputs.keep, 'int32') as Tensor2D);
  const launchesPerLayer = spec.depth > 1 ? await countPerLayer(spec, { params, patches, target, keep }, model) : undefined;
  return {
    async run(repeats) {
      for (let i = 0; i < repeats; i++) {
        const { value, gradients } = lossAndGradients(model, params, { patches, target, keep }, spec.heads);
        const updated = optimizer.update(gradients, state, params, step);
        loss?.dispose();
        loss = value;
        disposeTree(params, state, gradients);
        params = updated.params as VitStepParams;
        state = updated.state;
        step++;
      }
      // On a device of its own, all steps have run once the last one's numbers are here.
      await Promise.all([loss?.data(), params.norm.bias.data()]);
    },
    value: async () => (await loss?.data())?.[0] ?? Number.NaN,
    ...(launchesPerLayer !== undefined && { launchesPerLayer }),
    release() {
      disposeTree(params, state);
      loss?.dispose();
      dispose([patches, target, ...(keep ? [keep, inputs.keep] : [])]);
    },
  };
}

type Batch = { patches: Tensor; target: Tensor; keep: Tensor2D | undefined };

function lossAndGradients(model: Model, params: VitStepParams, { patches, target, keep }: Batch, heads: number) {
  const flat = flattenTree<Tensor>(params);
  const paths = Object.keys(flat);
  return tidy(() => {
    const { value, grads } = valueAndGrads((...leaves: Tensor[]): Scalar => {
      const tree = unflattenTree(Object.fromEntries(paths.map((path, i) => [path, leaves[i]]))) as VitStepParams;
      return mean(square(sub(model.vit(tree, patches as Tensor3D, keep, heads), target)));
    })(Object.values(flat));
    const gradients = unflattenTree<Tensor>(Object.fromEntries(paths.map((path, i) => [path, grads[i]])));
    return { value: value as Scalar, gradients };
  });
}

/** Kernels that a layer costs in a training step: those of a step with two layers, less those of one with one. */
async function countPerLayer(
  spec: VitStep,
  { params, ...batch }: Batch & { params: VitStepParams },
  model: Model,
): Promise<number> {
  const optimizer = model.optimizer({ learningRate: 1e-3, weightDecay: 0.05 });
  const launches = async (depth: number) => {
    const shallow: VitStepParams = { ...params, blocks: Object.fromEntries(Object.entries(params.blocks).slice(0, depth)) };
    const state = optimizer.init(shallow);
    const count = await countLaunches(() => {
      const { value, gradients } = lossAndGradients(model, shallow, batch, spec.heads);
      const updated = optimizer.update(gradients, state, shallow, 0);
      disposeTree({ value }, gradients, updated.params, updated.state);
    });
    disposeTree(state);
    return count;
  };
  return (await launches(2)) - (await launches(1));
}

/** The tree of the inputs that begin with `params.`. */
function parametersOf(inputs: Readonly<Record<string, Tensor>>): VitStepParams {
  const entries = Object.entries(inputs).filter(([name]) => name.startsWith('params.'));
  return unflattenTree(Object.fromEntries(entries.map(([name, leaf]) => [name.slice('params.'.length), leaf]))) as VitStepParams;
}
