import { engine, getBackend, getKernel, grad, matMul, ones, setBackend, square, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { whyNoGpuHere } from '../test/gpu.ts';
import { detectBackend } from './detect-backends.ts';
import { startBackend } from './start-backend.ts';

/** The device that tfjs computes on. */
function currentDevice(): GPUDevice {
  return (engine().backend as unknown as { device: GPUDevice }).device;
}

const suite = whyNoGpuHere === undefined ? describe : describe.skip;

suite(`startBackend('webgpu')${whyNoGpuHere === undefined ? '' : `: not tested, ${whyNoGpuHere}`}`, () => {
  afterEach(async () => {
    await setBackend('cpu');
  });

  it('first runs as tfjs has it, if asked to, then with kernels, which stay', async () => {
    await expect(startBackend('webgpu', { webgpu: { kernels: false, precision: 'f16' } })).rejects.toThrow(
      'leave out kernels: false',
    );
    expect((await startBackend('webgpu', { webgpu: { kernels: false } })).reason).toContain('with the kernels of tfjs');
    expect(getKernel('VitrailActivation', 'webgpu')).toBeUndefined();
    expect((await startBackend('webgpu')).reason).toContain('precision f32');
    expect(getKernel('VitrailActivation', 'webgpu')).toBeDefined();
    await expect(startBackend('webgpu', { webgpu: { kernels: false } })).rejects.toThrow('in a process of its own');
  });

  it('computes values and gradients, and says what it runs on', async () => {
    const report = await startBackend('webgpu');
    expect(report.name).toBe('webgpu');
    expect(getBackend()).toBe('webgpu');
    const { adapterInfo } = engine().backend as unknown as { adapterInfo: GPUAdapterInfo };
    if (adapterInfo.architecture === 'swiftshader') expect(report.reason).toContain('a software adapter');
    const slopes = tidy(() => grad((x) => square(x))(tensor1d([3, -4])));
    expect([...(await slopes.data())]).toEqual([6, -8]);
    slopes.dispose();
  });

  it('opens one device, with all the features and room that the adapter has', async () => {
    const { maximumTensorBytes } = await startBackend('webgpu');
    const device = currentDevice();
    await startBackend('webgpu');
    expect(currentDevice()).toBe(device);
    expect(maximumTensorBytes).toBe(Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize));
    expect(maximumTensorBytes).toBeGreaterThanOrEqual(2 ** 27);
    expect(device.features.has('timestamp-query')).toBe(true);
    expect(device.features.has('chromium-experimental-subgroup-matrix')).toBe(false);
  });

  it('refuses a precision that is none, or that the adapter does not have', async () => {
    await expect(startBackend('webgpu', { webgpu: { precision: 'f8' as 'f16' } })).rejects.toThrow('a precision is f32 or f16');
    await startBackend('webgpu');
    const hasHalves = currentDevice().features.has('shader-f16');
    const start = startBackend('webgpu', { webgpu: { precision: 'f16' } });
    if (hasHalves) expect((await start).reason).toContain('precision f16');
    else await expect(start).rejects.toThrow('needs a GPU device with the feature shader-f16');
    await startBackend('webgpu');
  });

  it('does not make a device unsafe that was opened safely', async () => {
    await startBackend('webgpu');
    await expect(startBackend('webgpu', { webgpu: { unsafe: true } })).rejects.toThrow('was opened without unsafe features');
  });

  it('tells of a device that is lost, and opens another one the next time', async () => {
    const { lost } = await startBackend('webgpu');
    const device = currentDevice();
    const old = ones([2]);
    await old.data(); // On the device.
    device.destroy();
    expect(await lost).toMatch(/destroyed/);
    old.dispose();
    await startBackend('webgpu');
    expect(currentDevice()).not.toBe(device);
    const product = tidy(() => matMul(ones([2, 3]), ones([3, 2])));
    expect([...(await product.data())]).toEqual([3, 3, 3, 3]);
    product.dispose();
  });
});

describe('detectBackend', () => {
  it('calls webgpu slow where its adapter is software', async () => {
    const status = await detectBackend('webgpu');
    if (status.available) expect(status.slow ?? false).toBe(status.reason.startsWith('only a software adapter'));
  });
});
