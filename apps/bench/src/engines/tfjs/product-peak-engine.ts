import { dispose, matMul, ones, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import type { Engine } from '../engine.ts';
import { startTfjs } from './start-tfjs.ts';

const WIDTH = 1024;

/** Products of 1024 columns and 1024 deep, with as many operations as the workload: a rate that no step of many small kernels reaches. */
export async function productPeakEngine(): Promise<Engine> {
  const { description, threads } = await startTfjs('webgpu', 1);
  return {
    hello: { version: description, threads },
    async prepare({ workload, flops }) {
      if (flops === undefined) throw new VitrailError('invalid-argument', `${workload}: nobody counted its operations`);
      const rows = flops / (2 * WIDTH * WIDTH);
      const products = Math.ceil(rows / WIDTH);
      const [a, b] = [ones([Math.ceil(rows / products), WIDTH]), ones([WIDTH, WIDTH])];
      let last: Tensor | undefined;
      return {
        async run(repeats) {
          for (let i = 0; i < repeats * products; i++) {
            last?.dispose();
            last = tidy(() => matMul(a, b));
          }
          await last?.data();
        },
        release: () => dispose([a, b, ...(last ? [last] : [])]),
      };
    },
  };
}
