import { existsSync } from 'node:fs';

/** Drivers for Vulkan that compute on the processor: SwiftShader comes with chromium and compiles fast, Mesa's lavapipe has float16. */
const drivers = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/share/vulkan/icd.d/lvp_icd.json',
  '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
  '/usr/share/vulkan/icd.d/lvp_icd.aarch64.json',
];

/**
 * Makes Dawn in this process, and in those that it starts, find a GPU adapter in software where the machine has no GPU and nobody has said
 * which driver to use. Before Dawn is loaded. It changes the environment, so it is for tests only.
 */
export function useSoftwareGpu(): void {
  process.env.XDG_RUNTIME_DIR ??= '/tmp';
  const driver = drivers.find((path) => existsSync(path));
  if (process.env.VK_DRIVER_FILES === undefined && driver !== undefined && !existsSync('/dev/dri')) {
    process.env.VK_DRIVER_FILES = driver;
  }
}
