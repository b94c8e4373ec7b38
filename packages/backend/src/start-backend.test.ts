import { getBackend, getKernel, grad, scalar, setBackend, square, tidy } from '@tensorflow/tfjs-core';
import { isVitrailError } from '@vitrail/core';
import { useSoftwareGpu } from '@vitrail/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { detectBackend, detectBackends } from './detect-backends.ts';
import { startBackend } from './start-backend.ts';

const nowhere = { tensorflow: { folder: '/nowhere' } };

afterEach(async () => {
  await setBackend('cpu');
});

describe('startBackend', () => {
  it('runs wasm as tfjs has it, or with kernels and threads, and says which', async () => {
    const { kernelFunc: stock } = getKernel('BatchMatMul', 'wasm');
    expect((await startBackend('wasm', { kernels: false })).reason).toBe('WebAssembly with the kernels of tfjs and one thread');
    expect(getKernel('BatchMatMul', 'wasm').kernelFunc).toBe(stock);
    expect(getKernel('VitrailLinear', 'wasm')).toBeUndefined();
    await expect(startBackend('wasm', { kernels: false, threads: 2 })).rejects.toThrow('run on one thread, but 2 were asked for');
    await expect(startBackend('wasm', { kernels: false, vectors: 256 })).rejects.toThrow('128 bits, but 256 were asked for');
    const incomplete = { 'tfjs-backend-wasm.wasm': '/a.wasm' } as unknown as string;
    await expect(startBackend('wasm', { kernels: false, wasmPaths: incomplete })).rejects.toThrow('could not be set up: ');
    const { reason } = await startBackend('wasm', { threads: 1, vectors: 128 });
    expect(reason).toMatch(/^WebAssembly with (relaxed )?SIMD of 128 bits and one thread$/);
    expect(getKernel('VitrailLinear', 'wasm')).toBeDefined();
    await expect(startBackend('wasm', { kernels: false })).rejects.toThrow('in a process of its own');
  });

  it.each(['wasm', 'cpu'] as const)('starts %s, which then computes values and gradients', async (name) => {
    const report = await startBackend(name);
    expect(report.name).toBe(name);
    expect(report.reason).not.toBe('');
    expect(getBackend()).toBe(name);
    tidy(() => {
      expect(grad((x) => square(x))(scalar(3)).dataSync()[0]).toBe(6);
    });
  });

  it('takes the fastest that is there for auto, and says what kept it from a faster one', async () => {
    const best = (await detectBackends()).find((status) => status.available && !status.slow);
    const report = await startBackend('auto');
    expect(report.name).toBe(best?.name);
    expect(getBackend()).toBe(report.name);
    if (report.name === 'wasm') expect(report.reason).toMatch(/no webgpu: .*no tensorflow: /);
  });

  it('does not take webgpu for auto where it would compute on the processor', async () => {
    // What keeps webgpu from auto is its software adapter, where it has one: that is found without any GPU.
    useSoftwareGpu();
    const webgpu = await detectBackend('webgpu');
    if (!webgpu.available || !webgpu.slow) return;
    const report = await startBackend('auto');
    expect(report.name).not.toBe('webgpu');
    expect(report.reason).toContain('no webgpu: only a software adapter: ');
  });

  it('never starts another backend than the one asked for', async () => {
    vi.stubEnv('VK_DRIVER_FILES', '/nowhere/icd.json');
    for (const name of ['webgpu', 'tensorflow'] as const) {
      if ((await detectBackend(name, nowhere)).available) continue; // A GPU that needs no Vulkan, a tfjs-node beside this package.
      const failure = await startBackend(name, nowhere).catch((error: unknown) => error);
      expect(isVitrailError(failure) && failure.code).toBe('unavailable');
      expect(String(failure)).toMatch(/is not there: .* What to do: /);
      expect(getBackend()).toBe('cpu');
    }
    vi.unstubAllEnvs();
  });

  it('names the nearest backend for a misspelt one', async () => {
    await expect(startBackend('wsam' as 'wasm')).rejects.toThrow(/did you mean "wasm"/);
  });
});

describe('detectBackends', () => {
  it('lists every backend, the fastest first, and how to get what is missing', async () => {
    const statuses = await detectBackends();
    expect(statuses.map(({ name }) => name)).toEqual(['webgpu', 'tensorflow', 'wasm', 'cpu']);
    for (const status of statuses) {
      expect(status.reason).not.toBe('');
      if (!status.available) expect(status.howToGet).not.toBe('');
    }
  });
});
