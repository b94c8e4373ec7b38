/** How Dawn's search for an adapter ended that found none. */
export type AdapterSearch = {
  /** Exit status of the process that searched. */
  readonly status: number | 'missing';
  /** What it printed to stderr. */
  readonly log: string;
  /** As Node names it. */
  readonly platform?: NodeJS.Platform;
};

const software =
  'Without a GPU, Mesa 25 or newer (Debian, Ubuntu: mesa-vulkan-drivers) computes on the processor, slowly: for trying things out';

/** Why there is no adapter, and what to do: what stands in the way first. */
export function whyNoAdapter({ status, log, platform = process.platform }: AdapterSearch): { missing: string; howToGet: string } {
  if (status !== 0) {
    const last = lines(log).at(-1);
    return {
      missing: `looking for a GPU failed (status ${status})${last === undefined ? '' : `: ${last}`}`,
      howToGet: 'update the driver of the GPU',
    };
  }
  if (platform !== 'linux') {
    const reason = platform === 'win32' ? 'Direct3D 12' : 'Metal';
    return { missing: `there is no GPU with a driver for ${reason}`, howToGet: 'update the driver of the GPU' };
  }
  if (/Couldn't load Vulkan|libvulkan\.so/.test(log)) {
    return {
      missing: 'the Vulkan loader, libvulkan.so.1, is not there or does not load',
      howToGet: `apt install libvulkan1 (Debian, Ubuntu) or dnf install vulkan-loader (Fedora), and the driver of the GPU. ${software}`,
    };
  }
  if (/Found no drivers|VK_ERROR_INCOMPATIBLE_DRIVER/.test(log)) {
    return {
      missing: 'the Vulkan loader finds no driver',
      howToGet:
        'install the driver of the GPU with its part for Vulkan (NVIDIA: a file nvidia_icd.json in /usr/share/vulkan/icd.d or ' +
        `/etc/vulkan/icd.d, in containers the capability graphics). ${software}`,
    };
  }
  // Drivers that are too old are left out by Dawn without a word, or with one of these.
  const said = lines(log).find((line) => /vulkan|driver|device/i.test(line));
  return {
    missing: `no Vulkan driver here does what WebGPU needs${said === undefined ? '' : ` (${said})`}`,
    howToGet: `update the driver of the GPU (Mesa 22 is too old). ${software}`,
  };
}

/** What Dawn says, without its own `Warning: ` and the places in its source. */
function lines(log: string): string[] {
  return log
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^at |artificially reduced/.test(line))
    .map((line) => line.replace(/^(Warning|Error|Info): /, ''));
}
