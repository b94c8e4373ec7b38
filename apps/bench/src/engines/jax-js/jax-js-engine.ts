import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { defaultDevice, init, numpy as np } from '@jax-js/jax';
import { VitrailError } from '@vitrail/core';
import type { Engine } from '../engine.ts';
import { readInputs } from '../read-inputs.ts';
import { startTfjs } from '../tfjs/start-tfjs.ts';
import { prepareAttention, prepareGemm, prepareLayerNorm } from './single-ops.ts';
import { prepareVitStep } from './vit-step.ts';

/** jax-js on its wasm device, whose threads are web workers, which Node has not: one thread. Or on webgpu. */
export async function jaxJsEngine(device: 'wasm' | 'webgpu'): Promise<Engine> {
  // It looks for the GPU where a browser has it, which is where the backend of tfjs needs it too.
  if (device === 'webgpu') await startTfjs('webgpu-stock', 1);
  const devices = await init(device);
  if (!devices.includes(device)) throw new VitrailError('unavailable', `jax-js finds no ${device} here`);
  defaultDevice(device);
  return {
    hello: { version: `jax-js ${await installedVersion()}, ${device}, jitted`, threads: 1 },
    async prepare({ workload, spec, data }) {
      const inputs = Object.fromEntries(
        Object.entries(await readInputs(data)).map(([name, { shape, values }]) => [
          name,
          np.array(values as Float32Array<ArrayBuffer>).reshape([...shape]),
        ]),
      );
      if (spec.kind === 'gemm') return prepareGemm(spec, inputs);
      if (spec.kind === 'attention') return prepareAttention(spec, inputs);
      if (spec.kind === 'layer-norm') return prepareLayerNorm(inputs);
      if (spec.kind === 'vit-step') return prepareVitStep(spec, inputs);
      throw new VitrailError('unknown-name', `${workload}: there is no such workload in jax-js`);
    },
  };
}

async function installedVersion(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@jax-js/jax');
  const manifest = await readFile(new URL('../package.json', `file://${entry}`), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
