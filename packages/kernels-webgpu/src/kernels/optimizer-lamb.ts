import type { TensorInfo } from '@tensorflow/tfjs-core';
import { bucketsOf } from '../buckets.ts';
import { BLOCK, firstBlocks, numbered, uploadTable } from '../multi-tensor.ts';
import { sizeOf } from '../placement.ts';
import { lambApply, lambLengths, lambMoments } from '../shaders/lamb.ts';
import type { KernelSet } from './kernel-set.ts';

type Attributes = { beta1: number; beta2: number; epsilon: number; t: number; rates: number[]; decays: number[] };

/** `VitrailLamb`: three launches per bucket of parameters, with the length of each tensor's step between the moments and the step. */
export const lambKernels: KernelSet = (device) => ({
  VitrailLamb({ inputs, attrs }) {
    const given = inputs as Record<string, TensorInfo | undefined>;
    const { beta1, beta2, epsilon, t, rates, decays } = attrs as Attributes;
    const deviationCorrection = Math.sqrt(1 - beta2 ** t);
    const adam = { epsilon: epsilon * deviationCorrection, factor: deviationCorrection / (1 - beta1 ** t) };
    const lists = ['param', 'gradient', 'firstMoment', 'secondMoment'].map((name) => numbered(given, name));
    const shapes = lists[0].map(({ shape }) => shape);
    const results = shapes.map((shape) => (sizeOf(shape) > 0 ? [] : [0, 1, 2].map(() => device.output(shape))));
    for (const bucket of bucketsOf(device, lists)) {
      const sources = lists.map((list) => device.gather(bucket.map((i) => list[i])));
      const [param, gradient, firstMoment, secondMoment] = sources;
      const made = [0, 1, 2].map(() => device.outputsTogether(bucket.map((i) => shapes[i])));
      const [newParam, newFirstMoment, newSecondMoment] = made.map(({ together }) => together);
      for (const [k, i] of bucket.entries()) results[i] = made.map(({ tensors }) => tensors[k]);
      const sizes = bucket.map((i) => sizeOf(shapes[i]));
      const { first, blocks } = firstBlocks(sizes, BLOCK);
      const table = uploadTable(
        device,
        bucket.map((i, k) => ({
          words: [first[k], sizes[k], ...[...sources, newParam].map(({ elements }) => elements[k] / 4)],
          numbers: [rates[i], decays[i]],
        })),
        given.gradientScale,
      );
      const counts = { tensors: bucket.length, blocks };
      const sums = device.scratch(2 * blocks);
      const lengths = device.scratch(bucket.length);
      device.launch(
        lambMoments,
        undefined,
        { param, gradient, firstMoment, secondMoment, newFirstMoment, newSecondMoment, sums, table },
        { ...counts, beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, ...adam },
        blocks,
      );
      device.launch(lambLengths, undefined, { sums, lengths, table }, counts, bucket.length);
      const moments = { newFirstMoment, newSecondMoment };
      device.launch(lambApply, undefined, { param, ...moments, lengths, newParam, table }, { ...counts, ...adam }, blocks);
    }
    return results.flat();
  },
});
