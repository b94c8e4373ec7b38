import { getBackend, setBackend, tidy, zeros } from '@tensorflow/tfjs-core';
import { linear } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { registerWasmKernels } from './index.ts';
import { currentWasmBackend } from './tfjs-wasm-backend.ts';

// A file of its own: here the backend starts with the memory that tfjs gives it, whose growth detaches every view.
beforeAll(async () => {
  expect(await registerWasmKernels({ threads: 1 })).toMatchObject({ threads: 1 });
  expect(getBackend()).toBe('wasm');
});
afterAll(async () => {
  await setBackend('cpu');
});

it('keeps old tensors and kernels right when a memory that is not shared grows', () => {
  tidy(() => {
    const layer = () => linear(sampleTensor([70, 30]), { kernel: sampleTensor([30, 50], 2) });
    const before = layer();
    const values = before.dataSync();
    const { buffer } = currentWasmBackend().wasm.HEAPU8;
    expect(buffer).toBeInstanceOf(ArrayBuffer);
    for (let i = 0; i < 4; i++) zeros([buffer.byteLength / 16 + 1024]);
    expect(currentWasmBackend().wasm.HEAPU8.buffer).not.toBe(buffer);
    expect(before.dataSync()).toEqual(values);
    expect(layer().dataSync()).toEqual(values);
  });
});

it('says that threads came too late, and stays on one where none were asked for', async () => {
  await expect(registerWasmKernels({ threads: 2 })).rejects.toThrow('call registerWasmKernels first');
  expect((await registerWasmKernels()).threads).toBe(1);
});
