import { getBackend, registerBackend, removeBackend, setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { softwareDrivers, useSoftwareGpu } from '@vitrail/testing';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { create, globals } from 'webgpu';
import { type Precision, registerWebGpuKernels } from '../src/index.ts';
import { type ProductTuning, setProductTuning } from '../src/tuning.ts';

/** The devices of both precisions: of this machine's GPU, else of software drivers; none where there is no adapter. */
export const devices = await openDevices();

/** The device that tests in f32 run on; `undefined` where there is no adapter. */
export const device: GPUDevice | undefined = devices.f32?.device;

/** `gpu` is held, because Dawn ends with it. */
type Opened = { gpu: GPU; device: GPUDevice; info: GPUAdapterInfo };

async function openDevices(): Promise<Partial<Record<Precision, Opened>>> {
  Object.assign(globalThis, globals);
  const drivers = softwareDrivers();
  useSoftwareGpu(drivers);
  if (drivers.length === 0) {
    const opened = await openDevice();
    return { f32: opened, ...(opened?.device.features.has('shader-f16') && { f16: opened }) };
  }
  const half = drivers.find(({ name }) => name === 'llvmpipe');
  return { f32: await openDevice(drivers[0].name), f16: half && (await openDevice(half.name)) };
}

/** @param adapterName a part of its name; the best one by default */
async function openDevice(adapterName?: string): Promise<Opened | undefined> {
  const choice = adapterName === undefined ? [] : [`adapter=${adapterName}`];
  const gpu = create(['enable-dawn-features=vulkan_enable_f16_on_nvidia', ...choice]);
  // tfjs wants to see that there is one.
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  const adapter = await gpu.requestAdapter();
  if (adapter === null) return undefined;
  const features = ['shader-f16', 'subgroups', 'timestamp-query'].filter((name) => adapter.features.has(name));
  // No limits beyond what every device offers.
  const opened = await adapter.requestDevice({ requiredFeatures: features as GPUFeatureName[] });
  return { gpu, device: opened, info: adapter.info };
}

/** Products by subgroups are quicker on lavapipe, but take it seconds to compile: they have tests of their own. */
const quicklyCompiled: ProductTuning = {
  tiles: [{ tile: { rows: 32, columns: 32, depth: 16, threadRows: 4, threadColumns: 4 }, cost: 1 }],
  workgroups: 4,
  splitDepth: 2048,
};

/** Makes a device that of the webgpu backend, and that backend the current one. */
async function useDevice({ device: chosen, info }: Opened): Promise<void> {
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  // Importing it has registered tfjs's own device, which lacks features.
  removeBackend('webgpu');
  registerBackend('webgpu', () => new WebGPUBackend(chosen, info));
  if (info.isFallbackAdapter) setProductTuning(chosen, quicklyCompiled);
  await setBackend('webgpu');
}

/** Values below it are all alike. */
const SMALLEST_SCALE = 1e-2;

/** Largest difference allowed, relative to the largest value. */
const TOLERANCES: Readonly<Record<Precision, number>> = { f32: 1e-5, f16: 4e-3 };

type Values = { shape: number[]; values: Float32Array | Int32Array | Uint8Array };

/** What the composition on cpu gives, by name of the comparison. */
const compositions = new Map<string, Values[]>();

/** Names of comparisons are unique in a test file. `tolerance` is that in f32, `halfTolerance` that in f16. */
export type ExpectAsOnCpu = (
  name: string,
  f: () => Tensor[],
  options?: { tolerance?: number; halfTolerance?: number },
) => Promise<void>;

/**
 * The same tests in every precision that there is a device for (and that is among `precisions`). `expectAsOnCpu` compares with the plain composition on the cpu backend, and two
 * runs on the device with each other, bit by bit. Without an adapter the tests are skipped.
 */
export function onWebGpu(
  tests: (expectAsOnCpu: ExpectAsOnCpu, precision: Precision) => void,
  { precisions = ['f32', 'f16'] }: { precisions?: readonly Precision[] } = {},
): void {
  if (device === undefined) {
    describe.skip('on webgpu: this machine has no GPU adapter, not even one in software', () => tests(async () => {}, 'f32'));
    return;
  }
  const opened = precisions.flatMap((precision): [Precision, Opened][] => {
    const one = devices[precision];
    return one === undefined ? [] : [[precision, one]];
  });
  describe.each(opened)('on webgpu in %s', (precision, chosen) => {
    let previous: string;
    beforeAll(async () => {
      previous = getBackend();
      await useDevice(chosen);
      registerWebGpuKernels({ precision });
    });
    afterAll(async () => {
      await setBackend(previous);
    });
    tests((name, f, options) => compare(precision, name, f, options), precision);
  });
}

async function compare(
  precision: Precision,
  name: string,
  f: () => Tensor[],
  { tolerance = TOLERANCES.f32, halfTolerance = TOLERANCES.f16 }: { tolerance?: number; halfTolerance?: number } = {},
): Promise<void> {
  const actual = await valuesOf(f);
  const again = await valuesOf(f);
  expect(again, `${name}: other bits the second time`).toEqual(actual);
  const expected = compositions.get(name) ?? (await onCpu(() => valuesOf(f)));
  compositions.set(name, expected);
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  expected.forEach((one, index) => {
    const values = actual[index].values;
    const finite = Array.from(one.values).filter(Number.isFinite);
    const largest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), SMALLEST_SCALE);
    const allowed = (precision === 'f16' ? halfTolerance : tolerance) * largest;
    one.values.forEach((value, i) => {
      const same = Object.is(value, values[i]) || value === values[i] || Math.abs(value - values[i]) <= allowed;
      if (!same) expect.fail(`${name}, output ${index}, element ${i}: ${values[i]} instead of ${value}`);
    });
  });
}

async function onCpu<T>(f: () => Promise<T>): Promise<T> {
  await setBackend('cpu');
  try {
    return await f();
  } finally {
    await setBackend('webgpu');
  }
}

async function valuesOf(f: () => Tensor[]): Promise<Values[]> {
  const tensors = tidy(f);
  const values: Values[] = [];
  for (const tensor of tensors) values.push({ shape: tensor.shape, values: await tensor.data() });
  for (const tensor of tensors) tensor.dispose();
  return values;
}
