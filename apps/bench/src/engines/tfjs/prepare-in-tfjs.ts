import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import type { Request } from '../../protocol.ts';
import type { Prepared } from '../engine.ts';
import { readInputs } from '../read-inputs.ts';
import type { Model } from './model.ts';
import { prepareRecipeStep } from './recipe-step.ts';
import { prepareAttention, prepareGemm, prepareLayerNorm } from './single-ops.ts';
import { prepareVitStep } from './vit-step.ts';

/** Prepares a workload on the current backend of tfjs, in the ops of `model`. */
export async function prepareInTfjs({ workload, spec, data }: Request, model: Model): Promise<Prepared> {
  if (spec.kind === 'recipe-step') return prepareRecipeStep(spec.recipe);
  const inputs = await onDevice(data);
  if (spec.kind === 'gemm') return prepareGemm(spec, inputs, model);
  if (spec.kind === 'attention') return prepareAttention(spec, inputs, model);
  if (spec.kind === 'layer-norm') return prepareLayerNorm(inputs, model);
  if (spec.kind === 'vit-step') return prepareVitStep(spec, inputs, model);
  throw new VitrailError('unknown-name', `${workload}: there is no such workload in tfjs`);
}

async function onDevice(data: Request['data']): Promise<Record<string, Tensor>> {
  return Object.fromEntries(
    Object.entries(await readInputs(data)).map(([name, { shape, values }]) => [name, tensor(values, [...shape], 'float32')]),
  );
}
