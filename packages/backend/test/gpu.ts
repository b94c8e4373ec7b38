import { useSoftwareGpu } from '@vitrail/testing';
import { detectBackend } from '../src/detect-backends.ts';

useSoftwareGpu();

const status = await detectBackend('webgpu');

/** Why webgpu cannot be tested here; `undefined` where it can, on a GPU or in software. */
export const whyNoGpuHere: string | undefined = status.available ? undefined : status.reason;
