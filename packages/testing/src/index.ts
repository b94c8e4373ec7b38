export { expectClose } from './close.ts';
export { expectGradient } from './finite-differences.ts';
export { expectNoLeak } from './leaks.ts';
export { onBackend } from './on-backend.ts';
export { sampleTensor } from './sample-tensor.ts';
