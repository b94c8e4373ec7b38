import { version_core } from '@tensorflow/tfjs-core';
import type { Engine } from '../engine.ts';
import type { Model } from './model.ts';
import { prepareInTfjs } from './prepare-in-tfjs.ts';
import { startTfjs, type TfjsName } from './start-tfjs.ts';
import { stockModel } from './stock-model.ts';
import { compositionModel, vitrailModel } from './vitrail-model.ts';

const models: Readonly<Record<TfjsName, Model>> = {
  vitrail: vitrailModel,
  'vitrail-128': vitrailModel,
  tensorflow: vitrailModel,
  webgpu: vitrailModel,
  'webgpu-f16': vitrailModel,
  composition: compositionModel,
  stock: stockModel,
  'webgpu-stock': stockModel,
};

/**
 * tfjs in one of its forms: with Vitrail's ops and kernels (`vitrail`, `vitrail-128`, `tensorflow`, `webgpu`), with Vitrail's ops and the kernels that tfjs comes with
 * (`composition`), or with nothing but tfjs (`stock`, `webgpu-stock`).
 */
export async function tfjsEngine(name: TfjsName, threads: number): Promise<Engine> {
  const { description, ...started } = await startTfjs(name, threads);
  return {
    hello: { version: `tfjs ${version_core}, ${description}`, threads: started.threads },
    prepare: (request) => prepareInTfjs(request, models[name]),
  };
}
