export { describeMachine, type MachineDescription } from './describe-machine.ts';
export { setupTensorflow, type TensorflowSetupOptions, type TensorflowSetupReport } from './setup-tensorflow.ts';
