export { type ByteSource, blobSource, bytesSource } from './byte-source.ts';
export { type HttpSourceOptions, httpSource } from './http-source.ts';
export { openSafetensors } from './open-safetensors.ts';
export { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
export type { Dtype, TensorData } from './tensor-data.ts';
export type { TensorFile, TensorInfo } from './tensor-file.ts';
export { treeFromSafetensors, treeToSafetensors } from './tree-safetensors.ts';
