import type { TensorInfo } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { halvesToFloats } from './half-floats.ts';
import { bufferBytes, type Placement, sizeOf } from './placement.ts';
import type { TfjsWebGpuBackend } from './tfjs-webgpu-backend.ts';

/** `STORAGE | COPY_SRC | COPY_DST`: what tfjs asks for, so that its pool of buffers serves both. */
const TENSOR_USAGE = 0x80 | 0x04 | 0x08;

/** A buffer that holds several tensors; it goes back to the pool with the last of them. */
type Slab = { readonly buffer: GPUBuffer; tensors: number };

/** Where several tensors lie in one buffer: the whole of it, and where in it each of them begins. */
export type Together = Placement & {
  /** In numbers; multiples of 8. */
  readonly elements: readonly number[];
  /** Whose values these are: they are not released before what uses the place is submitted. */
  readonly dataIds: readonly object[];
};

/** A tensor whose values are not a buffer of their own in float32 or int32, as those of tfjs are. */
type Special = Placement & { readonly slab?: Slab };

/**
 * Where the values of tensors lie on the device. Beside those of tfjs, each a buffer of its own with four bytes per number, there are
 *
 * - halves: float32 tensors (to tfjs) whose values are stored as float16. Kernels of this package read and write them as they are; a
 *   kernel of tfjs gets a float32 copy, and reading such a tensor gives float32.
 * - slabs: many tensors in one buffer, so that one launch goes over all of them.
 *
 * To this end the methods of the backend by which tfjs binds, releases and reads a tensor's buffer are replaced on the backend given.
 */
export class TensorStore {
  readonly #backend: TfjsWebGpuBackend;
  readonly #special = new WeakMap<object, Special>();
  readonly #alignment: number;
  readonly #widen: (tensor: TensorInfo) => TensorInfo;
  readonly #requireSize: (bytes: number, what: string) => void;
  readonly #afterRead: () => void;

  /**
   * @param hooks.widen makes a float32 copy of a tensor of halves
   * @param hooks.requireSize throws where the device gives a shader no more than fewer bytes at once
   * @param hooks.afterRead runs once values have come to the host, and may throw
   */
  constructor(
    backend: TfjsWebGpuBackend,
    hooks: {
      widen: (tensor: TensorInfo) => TensorInfo;
      requireSize: (bytes: number, what: string) => void;
      afterRead: () => void;
    },
  ) {
    this.#backend = backend;
    this.#alignment = backend.device.limits.minStorageBufferOffsetAlignment;
    this.#widen = hooks.widen;
    this.#requireSize = hooks.requireSize;
    this.#afterRead = hooks.afterRead;
    this.#replaceMethods();
  }

  /** Where the values of a tensor lie; uploads them first if they are on the host. */
  placement(tensor: TensorInfo): Placement {
    const special = this.#special.get(tensor.dataId);
    if (special !== undefined) return special;
    this.#backend.uploadToGPU(tensor.dataId);
    const { resource, dtype } = this.#backend.tensorMap.get(tensor.dataId);
    const buffer = resource as GPUBuffer;
    return { buffer, offset: 0, bytes: buffer.size, element: dtype === 'float32' ? 'f32' : 'i32' };
  }

  /** Whether the values of a tensor are stored as float16. */
  isHalf(tensor: TensorInfo): boolean {
    return this.#special.get(tensor.dataId)?.element === 'f16';
  }

  /** A new float32 tensor, its values not yet set; as halves if `element` says so. Every shape must hold at least one number. */
  allocate(shape: readonly number[], element: 'f32' | 'f16'): TensorInfo {
    const tensor = this.#backend.makeTensorInfo([...shape], 'float32');
    if (element === 'f32') {
      this.#backend.uploadToGPU(tensor.dataId);
      return tensor;
    }
    const bytes = bufferBytes(sizeOf(shape), element);
    const buffer = this.#backend.bufferManager.acquireBuffer(bytes, TENSOR_USAGE);
    this.#backend.tensorMap.get(tensor.dataId).resource = buffer;
    this.#special.set(tensor.dataId, { buffer, offset: 0, bytes, element });
    return tensor;
  }

  /** New float32 tensors that lie together in one buffer, their values not yet set. Every shape must hold at least one number. */
  allocateSlab(shapes: readonly (readonly number[])[]): { tensors: TensorInfo[]; together: Together } {
    const offsets = this.#slabOffsets(shapes);
    const slab = this.#newSlab(offsets[shapes.length]);
    const tensors = shapes.map((shape, i) => {
      const tensor = this.#backend.makeTensorInfo([...shape], 'float32');
      this.#place(tensor, slab, offsets[i]);
      return tensor;
    });
    return { tensors, together: this.#together(slab, tensors) };
  }

  /**
   * The place of all these float32 tensors in one buffer. Those that lie in one slab already, in whatever order, stay where they are;
   * else all are moved into a new slab by copies of buffers, which are no launches. The tensors stay what they are to everybody else.
   * Every tensor must hold at least one number. Tensors that share their values lie in the same place.
   */
  gather(tensors: readonly TensorInfo[]): Together {
    const slab = this.slabOf(tensors[0]);
    if (slab === undefined || !tensors.every((tensor) => this.slabOf(tensor) === slab)) return this.#moveTogether(tensors);
    return this.#together(slab, tensors);
  }

  /** The buffer that a tensor shares with others, to be compared; `undefined` where it has one of its own. */
  slabOf({ dataId }: TensorInfo): Slab | undefined {
    return this.#special.get(dataId)?.slab;
  }

  /** Records that a float32 tensor's values are copied to `offset` bytes after the start of a place: no launch. */
  copyTo(tensor: TensorInfo, { buffer, offset: start }: Placement, offset = 0): void {
    const source = this.isHalf(tensor) ? this.#widen(tensor) : tensor;
    const { buffer: from, offset: at } = this.placement(source);
    this.#backend.ensureCommandEncoderReady();
    this.#backend.endComputePassEncoder();
    this.#backend.commandEncoder?.copyBufferToBuffer(from, at, buffer, start + offset, 4 * sizeOf(tensor.shape));
    // Until the copy is submitted, nobody may get the buffer that it reads.
    this.#backend.commandQueueOwnedIds.add(source.dataId);
    if (source !== tensor) this.#backend.disposeData(source.dataId);
  }

  #moveTogether(tensors: readonly TensorInfo[]): Together {
    const different = [...new Map(tensors.map((tensor) => [tensor.dataId, tensor])).values()];
    const offsets = this.#slabOffsets(different.map(({ shape }) => shape));
    const slab = this.#newSlab(offsets[different.length]);
    different.forEach((tensor, i) => {
      this.copyTo(tensor, wholeOf(slab), offsets[i]);
    });
    for (const [i, tensor] of different.entries()) {
      this.#releaseAfterSubmission(tensor);
      this.#place(tensor, slab, offsets[i]);
    }
    return this.#together(slab, tensors);
  }

  /** In bytes, where each of these tensors begins in a slab of their own; and last, the bytes of the slab. */
  #slabOffsets(shapes: readonly (readonly number[])[]): number[] {
    const offsets = [0];
    for (const shape of shapes) offsets.push(offsets[offsets.length - 1] + this.slabBytes(shape));
    return offsets;
  }

  /** What a float32 tensor takes up in a slab. */
  slabBytes(shape: readonly number[]): number {
    return this.#alignment * Math.ceil((4 * sizeOf(shape)) / this.#alignment);
  }

  #together(slab: Slab, tensors: readonly TensorInfo[]): Together {
    const dataIds = tensors.map(({ dataId }) => dataId);
    const elements = dataIds.map((dataId) => (this.#special.get(dataId)?.offset ?? 0) / 4);
    return { ...wholeOf(slab), elements, dataIds };
  }

  #newSlab(bytes: number): Slab {
    return { buffer: this.#backend.bufferManager.acquireBuffer(bytes, TENSOR_USAGE), tensors: 0 };
  }

  #place({ dataId, shape }: TensorInfo, slab: Slab, offset: number): void {
    slab.tensors++;
    this.#backend.tensorMap.get(dataId).resource = slab.buffer;
    this.#special.set(dataId, { buffer: slab.buffer, offset, bytes: 4 * sizeOf(shape), element: 'f32', slab });
  }

  /** Takes a tensor's buffer from it, for the pool once all that is recorded is submitted. */
  #releaseAfterSubmission({ dataId }: TensorInfo): void {
    const special = this.#special.get(dataId);
    this.#special.delete(dataId);
    const data = this.#backend.tensorMap.get(dataId);
    const lives = special?.slab !== undefined && --special.slab.tensors > 0;
    if (data.resource && !lives && !data.external) this.#backend.uniformPendingDisposal.push(data.resource);
    data.external = false;
  }

  #replaceMethods(): void {
    const backend = this.#backend;
    const { tensorToBinding, releaseResource, read, readToGPU, runWebGPUProgram, uploadToGPU } = backend;

    // Where tfjs makes the buffer of every tensor, and our kernels that of one in float32.
    backend.uploadToGPU = (dataId) => {
      const { shape, resource } = backend.tensorMap.get(dataId);
      if (!resource) this.#requireSize(bufferBytes(sizeOf(shape), 'f32'), `a tensor of the shape [${shape.join(', ')}]`);
      uploadToGPU.call(backend, dataId);
    };

    backend.tensorToBinding = (tensor) => {
      const special = tensor && this.#special.get(tensor.dataId);
      if (special?.slab === undefined) return tensorToBinding.call(backend, tensor);
      return { buffer: special.buffer, offset: special.offset, size: special.bytes };
    };

    backend.releaseResource = (dataId) => {
      const special = this.#special.get(dataId);
      this.#special.delete(dataId);
      if (special?.slab === undefined) {
        releaseResource.call(backend, dataId);
        return;
      }
      backend.tensorMap.get(dataId).resource = null;
      if (--special.slab.tensors === 0) backend.bufferManager.releaseBuffer(special.slab.buffer);
    };

    backend.read = async (dataId) => {
      const special = this.#special.get(dataId);
      const values = special === undefined ? await read.call(backend, dataId) : await this.#readSpecial(dataId, special);
      this.#afterRead();
      return values;
    };

    backend.readToGPU = (dataId) => {
      if (!this.#special.has(dataId)) return readToGPU.call(backend, dataId);
      const { shape, dtype } = backend.tensorMap.get(dataId);
      const copy = this.allocate(shape, 'f32');
      this.copyTo({ dataId, shape: [...shape], dtype }, this.placement(copy));
      try {
        return readToGPU.call(backend, copy.dataId);
      } finally {
        backend.disposeData(copy.dataId);
      }
    };

    if (typeof OffscreenCanvas === 'undefined') {
      const { readSync } = backend;
      backend.readSync = (dataId) => {
        if (backend.tensorMap.get(dataId).values != null) return readSync.call(backend, dataId);
        throw new VitrailError(
          'unavailable',
          'values on a GPU cannot be read at once here: await data() or array() instead of dataSync() or arraySync()',
        );
      };
    }

    backend.runWebGPUProgram = (program, inputs, ...others) => {
      if (!inputs.some((input) => this.isHalf(input))) return runWebGPUProgram.call(backend, program, inputs, ...others);
      const widened: TensorInfo[] = [];
      try {
        const all = inputs.map((input) => {
          if (!this.isHalf(input)) return input;
          widened.push(this.#widen(input));
          return widened[widened.length - 1];
        });
        return runWebGPUProgram.call(backend, program, all, ...others);
      } finally {
        for (const { dataId } of widened) backend.disposeData(dataId);
      }
    };
  }

  async #readSpecial(dataId: object, special: Special): Promise<Float32Array> {
    const count = sizeOf(this.#backend.tensorMap.get(dataId).shape);
    const bytes = await this.readBytes(special);
    return special.element === 'f16' ? halvesToFloats(new Uint16Array(bytes, 0, count)) : new Float32Array(bytes, 0, count);
  }

  /** What lies at a place, once all that was recorded before has run. */
  async readBytes({ buffer, offset, bytes }: Placement): Promise<ArrayBuffer> {
    const backend = this.#backend;
    const length = 4 * Math.ceil(bytes / 4);
    const staging = backend.device.createBuffer({ size: length, usage: 0x01 | 0x08 }); // MAP_READ | COPY_DST
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.commandEncoder?.copyBufferToBuffer(buffer, offset, staging, 0, length);
    backend.submitQueue();
    await staging.mapAsync(0x01); // READ
    const values = staging.getMappedRange().slice(0);
    staging.destroy();
    return values;
  }
}

function wholeOf({ buffer }: Slab): Placement {
  return { buffer, offset: 0, bytes: buffer.size, element: 'f32' };
}
