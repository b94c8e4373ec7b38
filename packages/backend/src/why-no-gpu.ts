import { importBuiltin } from './import-builtin.ts';
import { probeTensorflow } from './probe-tensorflow.ts';
import type { TensorflowInstallation } from './tensorflow-installation.ts';

/** What decides whether TensorFlow can use a GPU. */
export type GpuFacts = {
  readonly isCudaBuild: boolean;
  /** Whether the kernel driver of NVIDIA is loaded. */
  readonly hasDriver: boolean;
  /** What TensorFlow printed while it started. */
  readonly log: string;
};

/** Why TensorFlow uses no GPU here, and what to do: the first of these facts that stands in the way. */
export function whyNoGpu({ isCudaBuild, hasDriver, log }: GpuFacts): { reason: string; howToGet: string } {
  if (!isCudaBuild) {
    return {
      reason: 'this TensorFlow was built without CUDA',
      howToGet: "pip install 'tensorflow[and-cuda]', then vitrail doctor --setup-tensorflow --python PATH",
    };
  }
  if (!hasDriver) {
    return { reason: 'this machine has no NVIDIA driver running', howToGet: 'install the driver of the GPU, and see nvidia-smi' };
  }
  // TensorFlow's own sentence about it, without the time and place in front.
  const sentence = log
    .split('\n')
    .filter((line) => /gpu|cuda|cudnn|nvidia/i.test(line) && /not|fail|cannot|error|skipping/i.test(line))
    .map((line) => line.replace(/^.*?\] /, '').trim())[0];
  return {
    reason: sentence ?? 'TensorFlow finds no GPU that it can use, and does not say why',
    howToGet:
      "see nvidia-smi; pip install 'tensorflow[and-cuda]' brings the CUDA libraries, then vitrail doctor --setup-tensorflow",
  };
}

/** Gathers {@link GpuFacts} of an installation that was seen to use no GPU. */
export async function gpuFacts({ addon, isCudaBuild }: TensorflowInstallation): Promise<GpuFacts> {
  if (!isCudaBuild) return { isCudaBuild, hasDriver: false, log: '' };
  const { existsSync } = await importBuiltin<typeof import('node:fs')>('node:fs');
  // The second is the GPU of Windows, as the Linux in it sees it.
  const hasDriver = ['/proc/driver/nvidia/version', '/dev/dxg'].some((path) => existsSync(path));
  return { isCudaBuild, hasDriver, log: (await probeTensorflow(addon)).log };
}

/** `yes` when TensorFlow computes on a GPU, else `no: ` and why not. A build with CUDA is run in a process of its own to find out. */
export async function gpuState(installation: TensorflowInstallation): Promise<string> {
  const probe = installation.isCudaBuild ? await probeTensorflow(installation.addon) : undefined;
  return probe?.works && probe.usesGpu ? 'yes' : `no: ${whyNoGpu(await gpuFacts(installation)).reason}`;
}
