import {
  add,
  backend,
  clone,
  concat,
  fill,
  matMul,
  memory,
  mul,
  reshape,
  scalar,
  slice,
  type Tensor,
  tensor1d,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { gelu } from '@vitrail/ops';
import { adamw, globalNorm } from '@vitrail/optim';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../test/on-webgpu.ts';
import type { TfjsWebGpuBackend } from './tfjs-webgpu-backend.ts';

const shapes = [[3], [7, 13], [], [130], [4, 4]];

/** Tensors that lie in one slab: the norm has gathered them. */
function gathered(tensors = shapes.map((shape, i) => sampleTensor(shape, i))): Tensor[] {
  globalNorm(Object.fromEntries(tensors.map((one, i) => [`x${i}`, one]))).dispose();
  const buffers = new Set(
    tensors.map(({ dataId }) => (backend() as unknown as TfjsWebGpuBackend).tensorMap.get(dataId).resource),
  );
  expect(buffers.size).toBe(1);
  return tensors;
}

function expected(seed: number): Float32Array {
  const one = sampleTensor(shapes[seed], seed);
  const values = (backend() as unknown as TfjsWebGpuBackend).tensorMap.get(one.dataId).values as Float32Array;
  one.dispose();
  return Float32Array.from(values);
}

const bytesInUse = () => (memory() as unknown as { numBytesInGPU: number }).numBytesInGPU;

/** Submits all that is recorded, so that what waits for that goes back to the pool. */
async function settle(): Promise<void> {
  const one = scalar(1);
  const two = add(one, one);
  await two.data();
  one.dispose();
  two.dispose();
}

describe('tensors in a slab', () => {
  onWebGpu((_, precision) => {
    it('are read as any other, again and again', async () => {
      const tensors = gathered();
      for (const [i, one] of tensors.entries()) {
        expectClose(await one.data(), expected(i), 0);
        expectClose(await one.data(), expected(i), 0);
      }
      for (const one of tensors) one.dispose();
    });

    it('serve kernels of tfjs, at their place', async () => {
      const tensors = gathered();
      const [, matrix, , vector, square] = tensors;
      const made = [
        mul(matrix, 2),
        matMul(square, square),
        transpose(matrix),
        slice(vector, [100], [5]),
        tidy(() => concat([reshape(square, [16]), vector])),
        gelu(vector),
      ];
      const results = await Promise.all(made.map((one) => one.data()));
      expectClose(
        results[0],
        expected(1).map((value) => 2 * value),
        1e-6,
      );
      const s = expected(4);
      const product = Array.from({ length: 16 }, (__, i) =>
        [0, 1, 2, 3].reduce((sum, k) => sum + s[4 * Math.floor(i / 4) + k] * s[4 * k + (i % 4)], 0),
      );
      expectClose(results[1], product, 1e-5);
      expectClose(
        results[2],
        Array.from({ length: 91 }, (__, i) => expected(1)[13 * (i % 7) + Math.floor(i / 7)]),
        0,
      );
      expectClose(results[3], expected(3).slice(100, 105), 0);
      expectClose(results[4], [...s, ...expected(3)], 0);
      for (const one of [...tensors, ...made]) one.dispose();
    });

    it('share their values with clones and reshaped ones, which outlive them', async () => {
      await settle();
      const before = bytesInUse();
      const tensors = gathered();
      const copies = tensors.map((one) => clone(one));
      const flat = reshape(tensors[1], [91]);
      for (const one of tensors) one.dispose();
      for (const [i, copy] of copies.entries()) {
        expectClose(await copy.data(), expected(i), 0);
        copy.dispose();
      }
      expectClose(await flat.data(), expected(1), 0);
      flat.dispose();
      await settle();
      expect(bytesInUse()).toBe(before);
    });

    it.each([[[0, 1, 2, 3, 4]], [[4, 2, 0, 1, 3]]])(
      'are disposed in the order %j, and then their memory is free',
      async (order) => {
        await settle();
        const before = bytesInUse();
        const tensors = gathered();
        for (const [at, i] of order.entries()) {
          tensors[i].dispose();
          for (const left of order.slice(at + 1)) expectClose(await tensors[left].data(), expected(left), 0);
        }
        await settle();
        expect(bytesInUse()).toBe(before);
      },
    );

    it('may share their values: clones and reshaped ones lie in the same place', async () => {
      await settle();
      const before = bytesInUse();
      const one = tensor2d([1, 2, 3, 4], [2, 2]);
      const same = [one, clone(one), reshape(one, [4]), tensor1d([10])];
      const norm = globalNorm(Object.fromEntries(same.map((each, i) => [`x${i}`, each])));
      expectClose(await norm.data(), [Math.sqrt(3 * 30 + 100)], 1e-6);
      gathered(same);
      expectClose(await same[2].data(), [1, 2, 3, 4], 0);
      for (const each of [...same, norm]) each.dispose();
      await settle();
      expect(bytesInUse()).toBe(before);
    });

    it('may be of several slabs, on the host, or halves before', async () => {
      await settle();
      const before = bytesInUse();
      // As many slabs as are not worth a launch each.
      const slabs = [gathered(), gathered(), gathered(), gathered()];
      const base = tensor2d([-1, 0.5, 2, 3], [2, 2]);
      const half = gelu(base);
      const onHost = tensor1d([5, 6, 7]);
      gathered([slabs[0][1], onHost, slabs[1][3], slabs[2][4], half, slabs[3][0], slabs[0][0]]);
      expectClose(await half.data(), [-0.158655, 0.345731, 1.9545, 2.99595], precision === 'f16' ? 2e-3 : 1e-5);
      expectClose(await onHost.data(), [5, 6, 7], 0);
      for (const slab of slabs) {
        for (const [i, one] of slab.entries()) expectClose(await one.data(), expected(i), 0);
      }
      for (const one of [...slabs.flat(), base, half, onHost]) one.dispose();
      await settle();
      expect(bytesInUse()).toBe(before);
    });

    it('are copied to a buffer of their own by dataToGPU', async () => {
      const tensors = gathered();
      const { tensorRef } = tensors[3].dataToGPU();
      expectClose(await tensorRef.data(), expected(3), 0);
      for (const one of [...tensors, tensorRef]) one.dispose();
    });

    it('and those that tfjs makes for its own kernels are refused where they are larger than the device can bind', async () => {
      // 128 MiB is what every device can bind.
      await expect(async () => tidy(() => fill([2 ** 25 + 1], 1))).rejects.toThrow(
        'a tensor of the shape [33554433] takes 129 MiB, but this GPU device gives a shader at most 128 MiB at once',
      );
    });

    it.runIf(precision === 'f16')('are widened for kernels of tfjs, and the copies go also where one fails', async () => {
      const half = tidy(() => gelu(sampleTensor([3])));
      const gpu = backend() as unknown as TfjsWebGpuBackend & { numDataIds(): number };
      const before = gpu.numDataIds();
      expect(() => gpu.runWebGPUProgram({}, [half], 'float32')).toThrow();
      // The one that is left is the output, which tfjs makes before it looks at anything.
      expect(gpu.numDataIds()).toBeLessThanOrEqual(before + 1);
      half.dispose();
    });

    it('are refused where one is larger than the device can bind, in words', async () => {
      const params = { a: sampleTensor([3]) };
      const optimizer = adamw({ learningRate: 0.1 });
      const state = optimizer.init(params);
      const { device } = backend() as unknown as TfjsWebGpuBackend;
      const limits = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(device), 'limits');
      Object.defineProperty(device, 'limits', {
        value: { maxStorageBufferBindingSize: 8, maxBufferSize: 8, minStorageBufferOffsetAlignment: 256 },
        configurable: true,
      });
      try {
        expect(() => optimizer.update(params, state, params, 0)).toThrow(
          expect.objectContaining({
            code: 'unavailable',
            message: expect.stringContaining('a tensor of the shape [3] takes 1 MiB'),
          }),
        );
      } finally {
        if (limits !== undefined) Reflect.deleteProperty(device, 'limits');
      }
      for (const one of [params.a, ...Object.values(state).flatMap((each) => Object.values(each as Record<string, Tensor>))])
        one.dispose();
    });
  });
});
