import { expect, it } from 'vitest';
import { whyNoAdapter } from './why-no-adapter.ts';

const search = { status: 0, log: '', platform: 'linux' } as const;

it('names the loader where Vulkan itself is missing', () => {
  const log = "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory\n";
  expect(whyNoAdapter({ ...search, log })).toMatchObject({
    missing: expect.stringContaining('libvulkan.so.1'),
    howToGet: expect.stringContaining('apt install libvulkan1'),
  });
});

it('names the driver where the loader finds none', () => {
  const log = [
    'Warning: vkCreateInstance: Found no drivers!',
    'Warning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER',
    '    at CheckVkSuccessImpl (/dawn/src/dawn/native/vulkan/VulkanError.cpp:106)',
  ].join('\n');
  expect(whyNoAdapter({ ...search, log })).toMatchObject({
    missing: 'the Vulkan loader finds no driver',
    howToGet: expect.stringContaining('Mesa 25'),
  });
});

it('passes on what Dawn says of a driver that it does not take, and does not invent a reason', () => {
  const noise = 'Warning: maxDynamicUniformBuffersPerPipelineLayout artificially reduced from 1000000 to 16\n';
  expect(whyNoAdapter({ ...search, log: `${noise}Warning: Insufficient Vulkan limits for x\n` }).missing).toContain(
    '(Insufficient Vulkan limits for x)',
  );
  expect(whyNoAdapter({ ...search, log: noise }).missing).toBe('no Vulkan driver here does what WebGPU needs');
});

it('says when a driver ended the process that looked', () => {
  expect(whyNoAdapter({ ...search, status: 139, log: 'Segmentation fault\n' }).missing).toBe(
    'looking for a GPU failed (status 139): Segmentation fault',
  );
});

it.each([
  ['darwin', 'Metal'],
  ['win32', 'Direct3D 12'],
] as const)('speaks of the interface of %s', (platform, name) => {
  expect(whyNoAdapter({ ...search, platform }).missing).toContain(name);
});
