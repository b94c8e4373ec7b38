export { expectClose } from './close.ts';
export { expectGradient, expectGradientAsync } from './finite-differences.ts';
export { expectNoLeak, expectNoLeakAsync } from './leaks.ts';
export { onBackend } from './on-backend.ts';
export { peakBytes } from './peak-bytes.ts';
export { sampleTensor } from './sample-tensor.ts';
export { type SoftwareDriver, softwareDrivers, useSoftwareGpu } from './software-gpu.ts';
export { tidyAsync } from './tidy-async.ts';
