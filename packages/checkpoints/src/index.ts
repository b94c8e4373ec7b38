export { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
export type { Dtype, TensorData } from './tensor-data.ts';
export { treeFromSafetensors, treeToSafetensors } from './tree-safetensors.ts';
