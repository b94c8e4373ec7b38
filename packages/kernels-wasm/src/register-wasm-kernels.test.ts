import {
  add,
  backend,
  dispose,
  engine,
  fill,
  getBackend,
  matMul,
  memory,
  ones,
  setBackend,
  slice,
  type Tensor2D,
  tensor1d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { linear } from '@vitrail/ops';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerWasmKernels, type VectorBits, type WasmBuild } from './index.ts';
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
    expect(await registerWasmKernels({ threads: 2, build: 'plain' })).toMatchObject({ build: 'plain', threads: 2 });
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
    await expect(registerWasmKernels({ vectors: 512 as VectorBits })).rejects.toThrow(
      'vectors have 128 or 256 bits, but 512 came',
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

  it('takes one call after the other', async () => {
    const before = tidy(layer);
    const reports = await Promise.all([2, 3, 1, 3].map((threads) => registerWasmKernels({ threads })));
    expect(reports.map(({ threads }) => threads)).toEqual([2, 3, 1, 3]);
    for (let i = 0; i < 20; i++) expect(tidy(() => layer().dataSync())).toEqual(before.dataSync());
    before.dispose();
  });

  it('gives back the memory of kernels that others take the place of', async () => {
    const bytes = () => currentWasmBackend().wasm.HEAPU8.length;
    const replace = async () => {
      for (const build of ['plain', 'relaxed'] as const) {
        await registerWasmKernels({ threads: 2, build, vectors: 128 });
        // A deep product, whose tasks want half a megabyte each.
        tidy(() => void matMul(ones([600, 300]), ones([600, 800]), true));
      }
    };
    await replace();
    const before = bytes();
    for (let i = 0; i < 20; i++) await replace();
    expect(bytes()).toBe(before);
    await registerWasmKernels({ threads: 2 });
  });

  it('tells of a kernel that ended in a trap once, whichever threads it ended on', async () => {
    await registerWasmKernels({ threads: 3 });
    tidy(() => {
      const [x, kernel] = [sampleTensor([700, 64]), sampleTensor([64, 64], 2)];
      const expected = matMul(x as Tensor2D, kernel as Tensor2D).dataSync();
      const data = currentWasmBackend().dataIdMap.get(x.dataId);
      const { memoryOffset } = data;
      for (let i = 0; i < 60; i++) {
        data.memoryOffset = -65_536; // The end of the address space, where no memory is.
        expect(() => matMul(x as Tensor2D, kernel as Tensor2D)).toThrow();
        data.memoryOffset = memoryOffset;
        expect(matMul(x as Tensor2D, kernel as Tensor2D).dataSync()).toEqual(expected);
      }
    });
  });

  it('computes while threads start', async () => {
    await registerWasmKernels({ threads: 1 });
    const bystanders = Array.from({ length: 12 }, (_, i) => fill([50_000], i));
    const ready = registerWasmKernels({ threads: 3 });
    const first = tidy(() => layer().dataSync());
    await ready;
    expect(tidy(() => layer().dataSync())).toEqual(first);
    for (const [i, tensor] of bystanders.entries()) expect(tensor.dataSync().every((value) => value === i)).toBe(true);
    dispose(bystanders);
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
      const data = backend().numDataIds();
      expect(() => tidy(() => linear(ones([side, 1]), { kernel: ones([1, side]) }))).toThrow('out of memory');
      expect(memory().numTensors).toBe(before);
      expect(backend().numDataIds()).toBe(data);
    }
    taken.dispose();
    tidy(() => expectClose(linear(ones([2, 3]), { kernel: ones([3, 1]) }), [3, 3]));
  });

  it('leaves no output behind when there is no room for the next', () => {
    tidy(() => {
      const inputs = { dy: ones([5]), gate: ones([5]), value: ones([5]) };
      const { wasm } = currentWasmBackend();
      const allocate = wasm._malloc;
      const data = backend().numDataIds();
      let calls = 0;
      wasm._malloc = (bytes) => {
        if (++calls === 2) throw new Error('no room');
        return allocate(bytes);
      };
      expect(() => engine().runKernel('VitrailSwigluGrad', inputs, {})).toThrow('no room');
      wasm._malloc = allocate;
      expect(calls).toBe(2);
      expect(backend().numDataIds()).toBe(data);
    });
  });
});
