import type { TensorInfo } from '@tensorflow/tfjs-core';
import { bucketsOf } from '../buckets.ts';
import { firstBlocks, numbered, uploadTable } from '../multi-tensor.ts';
import { sizeOf } from '../placement.ts';
import { NORM_BLOCK, normOfSums, sumsOfSquares } from '../shaders/global-norm.ts';
import type { KernelSet } from './kernel-set.ts';

/** `VitrailGlobalNorm`: a launch per bucket of tensors and one more. The tensors lie together afterwards, as the optimiser wants them. */
export const globalNormKernels: KernelSet = (device) => ({
  VitrailGlobalNorm({ inputs }) {
    const tensors = numbered(inputs as Record<string, TensorInfo | undefined>, 'x');
    const sizes = tensors.map(({ shape }) => sizeOf(shape));
    const count = firstBlocks(sizes, NORM_BLOCK).blocks;
    const sums = device.scratch(count);
    const norm = device.output([]);
    let firstSum = 0;
    for (const bucket of bucketsOf(device, [tensors])) {
      const x = device.gather(bucket.map((i) => tensors[i]));
      const { first, blocks } = firstBlocks(
        bucket.map((i) => sizes[i]),
        NORM_BLOCK,
      );
      const table = uploadTable(
        device,
        bucket.map((i, k) => ({ words: [first[k], sizes[i], x.elements[k] / 4] })),
      );
      device.launch(sumsOfSquares, undefined, { x, table, sums }, { tensors: bucket.length, blocks, first: firstSum }, blocks);
      firstSum += blocks;
    }
    device.launch(normOfSums, undefined, { sums, norm }, { count }, 1);
    return [norm];
  },
});
