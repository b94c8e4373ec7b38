import { add, getBackend, memory, ones, setBackend, slice, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { linear } from '@vitrail/ops';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerWasmKernels, type WasmBuild } from './index.ts';
import { currentWasmBackend } from './tfjs-wasm-backend.ts';

beforeAll(async () => {
  await registerWasmKernels({ threads: 2 });
});
afterAll(async () => {
  await setBackend('cpu');
});

const layer = () => linear(sampleTensor([70, 30]), { kernel: sampleTensor([30, 50], 2) });

describe('registerWasmKernels', () => {
  it('makes wasm the current backend and says what runs', async () => {
    await setBackend('cpu');
    expect(await registerWasmKernels({ threads: 2, build: 'plain' })).toEqual({ build: 'plain', threads: 2 });
    expect(getBackend()).toBe('wasm');
    expect(await registerWasmKernels()).toMatchObject({ build: 'relaxed' });
  });

  it('refuses what it cannot do, and says why', async () => {
    for (const threads of [0, -1, 1.5, 65, Number.NaN]) {
      await expect(registerWasmKernels({ threads })).rejects.toThrow(
        `threads is a whole number from 1 to 64, but ${threads} came`,
      );
    }
    await expect(registerWasmKernels({ build: 'fast' as WasmBuild })).rejects.toThrow(
      'a build is relaxed or plain, but "fast" came',
    );
  });

  it('changes threads while tensors are alive', async () => {
    const before = tidy(layer);
    for (const threads of [1, 5, 2, 1, 3]) {
      expect((await registerWasmKernels({ threads })).threads).toBe(threads);
      expect(tidy(() => layer().dataSync())).toEqual(before.dataSync());
    }
    before.dispose();
  });

  it('keeps old tensors and kernels right when the memory grows', () => {
    tidy(() => {
      const before = layer();
      const values = before.dataSync();
      const bytes = () => currentWasmBackend().wasm.HEAPU8.length;
      const size = bytes();
      const large = Array.from({ length: 4 }, () => zeros([size / 16 + 1024]));
      expect(bytes()).toBeGreaterThan(size);
      expect(before.dataSync()).toEqual(values);
      expect(layer().dataSync()).toEqual(values);
      expectClose(add(slice(large[3], 0, 2), tensor1d([1, 2])), [1, 2]);
    });
  });

  it('says that memory is full, and goes on', () => {
    const taken = zeros([2 ** 24]);
    // Beside 64 MiB, 4.28 GB do not fit into 4 GiB; the bytes of 4.36 GB wrap around in 32 bits.
    for (const side of [32_700, 33_000]) {
      const before = memory().numTensors;
      expect(() => tidy(() => linear(ones([side, 1]), { kernel: ones([1, side]) }))).toThrow('out of memory');
      expect(memory().numTensors).toBe(before);
    }
    taken.dispose();
    tidy(() => expectClose(linear(ones([2, 3]), { kernel: ones([3, 1]) }), [3, 3]));
  });
});
