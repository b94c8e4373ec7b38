import { expect, it } from 'vitest';
import { type AdapterFacts, describeAdapter, describeAdapterFully, isSoftwareAdapter } from './describe-adapter.ts';
import { webGpuStatus } from './detect-backends.ts';

const nvidia: AdapterFacts = {
  info: {
    vendor: 'nvidia',
    architecture: 'hopper',
    device: 'nvidia-h100',
    description: 'NVIDIA: 580.65.06',
    isFallbackAdapter: false,
  },
  features: ['shader-f16', 'subgroups', 'texture-compression-bc'],
  limits: {
    maxBufferSize: 2 ** 31,
    maxStorageBufferBindingSize: 2 ** 31 - 4,
    maxStorageBuffersPerShaderStage: 10,
    maxComputeWorkgroupStorageSize: 49152,
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupSizeX: 1024,
    maxComputeWorkgroupsPerDimension: 65535,
  },
};

/** What Chromium 150 says of WARP, and Mesa of lavapipe, where they do not say that they are a fallback. */
const software = [
  { ...nvidia.info, vendor: 'microsoft', architecture: '', device: '0x008c', description: 'Microsoft Basic Render Driver' },
  { ...nvidia.info, vendor: 'mesa', architecture: 'software', device: '', description: 'llvmpipe (LLVM 15.0.6)' },
  { ...nvidia.info, vendor: 'google', architecture: 'swiftshader', device: '', description: '' },
  { ...nvidia.info, isFallbackAdapter: true },
];

it('tells software from a GPU, and gives auto the GPU only', () => {
  expect(isSoftwareAdapter(nvidia)).toBe(false);
  expect(webGpuStatus(nvidia)).toEqual({ name: 'webgpu', available: true, reason: describeAdapter(nvidia) });
  for (const info of software) expect(webGpuStatus({ ...nvidia, info })).toMatchObject({ available: true, slow: true });
});

it('names an adapter by what it tells, each word once', () => {
  expect(describeAdapter(nvidia)).toBe('nvidia-h100, nvidia, hopper, NVIDIA: 580.65.06');
  const silent = { vendor: 'apple', architecture: '', device: '', description: 'apple', isFallbackAdapter: false };
  expect(describeAdapter({ info: silent })).toBe('apple');
  expect(describeAdapter({ info: { ...silent, vendor: '', description: '' } })).toBe('a GPU without a name');
});

it('says what it has of the features used here, and what is missed without the others', () => {
  const { features, limits } = describeAdapterFully(nvidia);
  expect(features).toMatchObject({ 'shader-f16': 'yes', subgroups: 'yes', 'timestamp-query': expect.stringMatching(/^no: /) });
  expect(Object.keys(features)).not.toContain('texture-compression-bc');
  expect(limits).toEqual(nvidia.limits);
});
