export { fusedOpsSource } from './fused-passes.ts';
export { registerTensorflowKernels } from './register.ts';
