import { existsSync } from 'node:fs';

/** A driver for Vulkan that computes on the processor: the name that its adapter goes by, and where it is described. */
export type SoftwareDriver = { readonly name: 'SwiftShader' | 'llvmpipe'; readonly path: string };

const known: readonly SoftwareDriver[] = [
  { name: 'SwiftShader', path: '/usr/lib/chromium/vk_swiftshader_icd.json' },
  { name: 'llvmpipe', path: '/usr/share/vulkan/icd.d/lvp_icd.json' },
  { name: 'llvmpipe', path: '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json' },
  { name: 'llvmpipe', path: '/usr/share/vulkan/icd.d/lvp_icd.aarch64.json' },
];

/**
 * The drivers in software that this machine has: SwiftShader, which comes with chromium and compiles shaders in a tenth of the time, before
 * Mesa's lavapipe (`llvmpipe`), which has float16. None where the machine has a GPU, is no Linux, or somebody has said which driver to use
 * (`VK_DRIVER_FILES`).
 */
export function softwareDrivers(): readonly SoftwareDriver[] {
  if (process.platform !== 'linux' || process.env.VK_DRIVER_FILES !== undefined || existsSync('/dev/dri')) return [];
  return known.filter(({ path }) => existsSync(path));
}

/**
 * Makes Dawn in this process, and in those that it starts, find these adapters in software; before Dawn is loaded. With none, nothing changes.
 * It changes the environment, so it is for tests only.
 *
 * @param drivers by default the first that there is
 */
export function useSoftwareGpu(drivers: readonly SoftwareDriver[] = softwareDrivers().slice(0, 1)): void {
  process.env.XDG_RUNTIME_DIR ??= '/tmp';
  if (drivers.length > 0) process.env.VK_DRIVER_FILES = drivers.map(({ path }) => path).join(':');
}
