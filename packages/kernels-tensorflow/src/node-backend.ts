import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core';

/** An attribute of a TensorFlow op, as tfjs-node's addon takes it. */
export type Attribute = { readonly name: string; readonly type: number; readonly value: boolean | number | string };

type Constant = 'TF_FLOAT' | 'TF_ATTR_TYPE' | 'TF_ATTR_BOOL' | 'TF_ATTR_STRING' | 'TF_ATTR_INT' | 'TF_ATTR_FLOAT';

/** The part of tfjs-node's addon that is used here; tensors are numbers to it. */
type Binding = Readonly<Record<Constant, number>> & {
  createTensor(shape: readonly number[], type: number, values: Float32Array): number;
  deleteTensor(id: number): void;
  executeOp(name: string, attributes: readonly Attribute[], inputs: readonly number[], count: number): { readonly id: number }[];
};

/** The part of tfjs-node's backend that runs TensorFlow's own ops. */
export type NodeBackend = KernelBackend & {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Binding;
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly TensorInfo[]): Tensor;
  executeMultipleOutputs(name: string, attributes: readonly Attribute[], inputs: readonly TensorInfo[], count: number): Tensor[];
};
