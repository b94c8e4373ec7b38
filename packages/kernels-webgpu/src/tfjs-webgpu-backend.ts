import { type DataType, findBackend, getBackend, type KernelBackend, type TensorInfo } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';

/** The name under which tfjs registers its backend. */
export const backendName = 'webgpu';

/** What the backend knows of the values of a tensor. */
export type TensorData = {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /** On the host: not yet uploaded, or empty. */
  values?: ArrayLike<number> | null;
  resource?: GPUBuffer | null;
  /** The buffer is the user's. */
  external?: boolean;
};

/** The part of the backend of `@tensorflow/tfjs-backend-webgpu` 4.22 that is used here. */
export type TfjsWebGpuBackend = KernelBackend & {
  readonly device: GPUDevice;
  readonly bufferManager: {
    acquireBuffer(bytes: number, usage: GPUBufferUsageFlags): GPUBuffer;
    releaseBuffer(buffer: GPUBuffer): void;
  };
  readonly tensorMap: { get(dataId: object): TensorData; has(dataId: object): boolean };
  /** Tensors that commands not yet submitted use; they are released after those. */
  readonly commandQueueOwnedIds: WeakSet<object>;
  /** Buffers to be released once the commands recorded so far are submitted. */
  readonly uniformPendingDisposal: GPUBuffer[];
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  makeTensorInfo(shape: number[], dtype: DataType): TensorInfo;
  uploadToGPU(dataId: object): void;
  incRef(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  tensorToBinding(tensor?: TensorInfo): GPUBindingResource | null;
  releaseResource(dataId: object): void;
  read(dataId: object): Promise<Float32Array | Int32Array | Uint8Array>;
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
  runWebGPUProgram(
    program: object,
    inputs: TensorInfo[],
    outputDtype: DataType,
    uniforms?: unknown,
    output?: TensorInfo,
  ): TensorInfo;
  /** The launch of a program, whose key begins with its name: the last thing that running it does. */
  recordAndSubmit(program: { readonly shaderKey: string }, output: TensorInfo, inputs: TensorInfo[], uniforms?: unknown): void;
};

/** @throws `unavailable` where the backend was not started */
export function currentWebGpuBackend(): TfjsWebGpuBackend {
  const backend = findBackend(backendName) as TfjsWebGpuBackend | null;
  if (backend === null) {
    throw new VitrailError(
      'unavailable',
      `the kernels for webgpu need the webgpu backend of tfjs, which does not run (the backend is ${getBackend() || 'not chosen'}). ` +
        "What to do: startBackend('webgpu') of @vitrail/backend, which starts it and calls this",
    );
  }
  return backend;
}
