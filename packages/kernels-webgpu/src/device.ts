import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { type Grid, workgroupCounts } from './grid.ts';
import { bufferBytes, type Placement, sizeOf } from './placement.ts';
import { type KernelTime, Profile } from './profile.ts';
import { type Element, type Shader, shaderSource, uniformBytes } from './shader.ts';
import { widen } from './shaders/widen.ts';
import { TensorStore, type Together } from './tensor-store.ts';
import type { TfjsWebGpuBackend } from './tfjs-webgpu-backend.ts';

/** `f32`, or `f16`: activations are stored as float16 and computed with in float32. */
export type Precision = 'f32' | 'f16';

/** What a shader's binding can be: a tensor, several that lie together, or a place in memory. */
export type Operand = TensorInfo | Together | Placement;

/** What every WebGPU device offers at least; the shaders ask for no more. */
export const WORKGROUP_LIMIT = 256;

/** What makes the memory of a step less. */
const SMALLER = 'use a smaller batch (with train.accumulate for the same step), fewer prototypes, or smaller pictures';

/** `STORAGE | COPY_SRC | COPY_DST` */
const SCRATCH_USAGE = 0x80 | 0x04 | 0x08;
/** `UNIFORM | COPY_DST` */
const UNIFORM_USAGE = 0x40 | 0x08;
/** `GPUShaderStage.COMPUTE` */
const COMPUTE = 4;

/** Submitted to the queue together. More would keep the memory of disposed tensors for longer. */
const LAUNCHES_PER_SUBMISSION = 64;

/** The kernels of this package on the device of the webgpu backend: pipelines, launches, and memory. */
export class Device {
  readonly backend: TfjsWebGpuBackend;
  /** Of the activations that kernels make from now on. */
  precision: Precision;
  readonly store: TensorStore;
  readonly #pipelines = new Map<string, { pipeline: GPUComputePipeline; layout: GPUBindGroupLayout }>();
  /** What went wrong on the device and has not been reported. */
  readonly #errors: string[] = [];
  /** While launches are timed. */
  #profile: Profile | undefined;
  /** Tensors that the kernel of now has made so far. */
  #made: TensorInfo[] = [];

  constructor(backend: TfjsWebGpuBackend, precision: Precision) {
    this.backend = backend;
    this.precision = precision;
    this.store = new TensorStore(backend, {
      widen: (tensor) => this.#widened(tensor),
      requireSize: (bytes, what) => this.#requireSize(bytes, what),
      afterRead: () => this.throwErrors(),
    });
    backend.device.addEventListener('uncapturederror', (event) => {
      const isFull = event.error instanceof GPUOutOfMemoryError;
      this.#errors.push(isFull ? `its memory is full (${event.error.message}): ${SMALLER}` : event.error.message);
    });
  }

  /** The device's limits. */
  get limits(): GPUSupportedLimits {
    return this.backend.device.limits;
  }

  /** A new float32 tensor, its values not yet set: gradients of parameters, losses, statistics. */
  output(shape: readonly number[]): TensorInfo {
    return this.#allocate(shape, 'f32');
  }

  /** A new tensor that later kernels read, in the precision of activations. */
  activation(shape: readonly number[]): TensorInfo {
    return this.#allocate(shape, this.precision);
  }

  /** Memory until the launches recorded from now on have run. */
  scratch(count: number, element: Element = 'f32'): Placement {
    const bytes = Math.max(4, bufferBytes(count, element));
    this.#requireSize(bytes, `scratch memory of ${count} numbers`);
    const buffer = this.backend.bufferManager.acquireBuffer(bytes, SCRATCH_USAGE);
    this.backend.uniformPendingDisposal.push(buffer);
    return { buffer, offset: 0, bytes, element };
  }

  /** Numbers from the host, until the launches recorded from now on have run. */
  upload(values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): Placement {
    const place = this.scratch(values.length, values instanceof Float32Array ? 'f32' : 'u32');
    this.backend.device.queue.writeBuffer(place.buffer, 0, values);
    return place;
  }

  /**
   * Records a run of a shader over `grid` workgroups; nothing where one of its counts is 0.
   *
   * @param operands by name of the binding; those that are `undefined` are not bound. None is empty.
   */
  launch<Options>(
    shader: Shader<Options>,
    options: Options,
    operands: Readonly<Record<string, Operand | undefined>>,
    uniforms: Readonly<Record<string, number>>,
    grid: Grid,
  ): void {
    const [x, y, z] = workgroupCounts(grid);
    if (x * y * z === 0) return;
    const { backend } = this;
    const present = Object.keys(shader.bindings(options)).filter((name) => operands[name] !== undefined);
    const placements = present.map((name) => this.#place(operands[name] as Operand));
    const { pipeline, layout } = this.#pipeline(
      shader,
      options,
      new Map(present.map((name, i) => [name, placements[i].element])),
    );
    const bytes = uniformBytes(shader.uniforms, uniforms);
    const uniformBuffer = backend.bufferManager.acquireBuffer(bytes.byteLength, UNIFORM_USAGE);
    backend.device.queue.writeBuffer(uniformBuffer, 0, bytes);
    backend.uniformPendingDisposal.push(uniformBuffer);
    const bindGroup = backend.device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: uniformBuffer } },
        ...placements.map(({ buffer, offset, bytes: size }, i) => ({ binding: i + 1, resource: { buffer, offset, size } })),
      ],
    });
    const pass = this.#computePass(shader.name);
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(x, y, z);
    if (this.#profile) backend.endComputePassEncoder();
    backend.dispatchCountInPass++;
  }

  /**
   * Times every launch from now on, those of tfjs included, until the function returned is called, which gives the times.
   *
   * @throws `unavailable` where the device has no timestamps, or launches are timed already
   */
  startProfile(): () => Promise<KernelTime[]> {
    const { backend } = this;
    if (!backend.device.features.has('timestamp-query') || this.#profile) {
      const reason = this.#profile ? 'they are timed already' : 'this GPU device has no feature timestamp-query';
      throw new VitrailError('unavailable', `launches cannot be timed: ${reason}`);
    }
    const profile = new Profile(backend.device);
    this.#profile = profile;
    // Its inputs are on the device and in float32 by then; copies and other launches would end the pass that is timed.
    const { recordAndSubmit } = backend;
    backend.recordAndSubmit = (program, ...others) => {
      // Names of classes are gone from minified bundles.
      this.#computePass(program.shaderKey.split('_')[0]);
      recordAndSubmit.call(backend, program, ...others);
      backend.endComputePassEncoder();
    };
    return async () => {
      backend.recordAndSubmit = recordAndSubmit;
      this.#profile = undefined;
      if (backend.commandEncoder) backend.submitQueue();
      return await profile.times();
    };
  }

  /** Runs a kernel. If it throws, the tensors that it made are disposed. */
  run<T>(kernel: () => T): T {
    const before = this.#made;
    this.#made = [];
    try {
      const result = kernel();
      this.#submitIfFull();
      return result;
    } catch (error) {
      for (const { dataId } of this.#made) this.backend.disposeData(dataId);
      throw error;
    } finally {
      this.#made = before;
    }
  }

  /** New float32 tensors that lie together, their values not yet set. No shape is empty. */
  outputsTogether(shapes: readonly (readonly number[])[]): { tensors: TensorInfo[]; together: Together } {
    this.#requireTogether(shapes);
    const made = this.store.allocateSlab(shapes);
    this.adopt(made.tensors);
    return made;
  }

  /** The place of float32 tensors, none of them empty, in one buffer: see `gather` of {@link TensorStore}. */
  gather(tensors: readonly TensorInfo[]): Together {
    this.#requireTogether(tensors.map(({ shape }) => shape));
    return this.store.gather(tensors);
  }

  /** Throws what went wrong on the device since it was last asked; devices report it some time after the launch. */
  throwErrors(): void {
    if (this.#errors.length === 0) return;
    const [first] = this.#errors.splice(0);
    throw new VitrailError('unavailable', `the GPU device reports an error: ${first}`);
  }

  /** Tensors that a kernel makes by other means, so that they go with it if it throws. */
  adopt(tensors: readonly TensorInfo[]): void {
    this.#made.push(...tensors);
  }

  #allocate(shape: readonly number[], element: 'f32' | 'f16'): TensorInfo {
    const count = sizeOf(shape);
    const tensor = count === 0 ? this.#empty(shape, 'float32') : this.#filled(shape, element, count);
    this.#made.push(tensor);
    return tensor;
  }

  #filled(shape: readonly number[], element: 'f32' | 'f16', count: number): TensorInfo {
    this.#requireSize(bufferBytes(count, element), `a tensor of the shape [${shape.join(', ')}]`);
    return this.store.allocate(shape, element);
  }

  #empty(shape: readonly number[], dtype: DataType): TensorInfo {
    const tensor = this.backend.makeTensorInfo([...shape], dtype);
    this.backend.tensorMap.get(tensor.dataId).values = new Float32Array(0);
    return tensor;
  }

  #requireTogether(shapes: readonly (readonly number[])[]): void {
    const bytes = shapes.reduce((sum, shape) => sum + this.store.slabBytes(shape), 0);
    const what = shapes.length === 1 ? `a tensor of the shape [${shapes[0].join(', ')}]` : `${shapes.length} tensors together`;
    this.#requireSize(bytes, what);
  }

  /** Only between kernels: memory that a kernel has for its own use goes back to the pool on a submission. */
  #submitIfFull(): void {
    if (this.backend.dispatchCountInPass < LAUNCHES_PER_SUBMISSION) return;
    this.backend.endComputePassEncoder();
    this.backend.submitQueue();
  }

  #requireSize(bytes: number, what: string): void {
    const limit = Math.min(this.limits.maxStorageBufferBindingSize, this.limits.maxBufferSize);
    if (bytes <= limit) return;
    const mebibytes = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
    throw new VitrailError(
      'unavailable',
      `${what} takes ${mebibytes(bytes)}, but this GPU device gives a shader at most ${mebibytes(limit)} at once: ${SMALLER}`,
    );
  }

  /** The pass that is open, or a new one; while launches are timed always a new one. */
  #computePass(kernel: string): GPUComputePassEncoder {
    const { backend } = this;
    backend.ensureCommandEncoderReady();
    if (this.#profile) backend.endComputePassEncoder();
    const timestampWrites = this.#profile?.next(kernel);
    backend.computePassEncoder ??= (backend.commandEncoder as GPUCommandEncoder).beginComputePass({ timestampWrites });
    return backend.computePassEncoder;
  }

  #place(operand: Operand): Placement {
    if ('dataIds' in operand) for (const dataId of operand.dataIds) this.backend.commandQueueOwnedIds.add(dataId);
    if (!('dataId' in operand)) return operand;
    this.backend.commandQueueOwnedIds.add(operand.dataId);
    return this.store.placement(operand);
  }

  #pipeline<Options>(shader: Shader<Options>, options: Options, elements: ReadonlyMap<string, Element>) {
    const key = `${shader.name} ${JSON.stringify(options)} ${[...elements].join(' ')}`;
    const known = this.#pipelines.get(key);
    if (known !== undefined) return known;
    const { device } = this.backend;
    const bindings = shader.bindings(options);
    const layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: 'uniform' } },
        ...[...elements.keys()].map((name, i): GPUBindGroupLayoutEntry => {
          const type = bindings[name].startsWith('read') ? 'read-only-storage' : 'storage';
          return { binding: i + 1, visibility: COMPUTE, buffer: { type } };
        }),
      ],
    });
    const module = device.createShaderModule({ label: shader.name, code: shaderSource(shader, options, elements) });
    const pipeline = device.createComputePipeline({
      label: shader.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module },
    });
    const made = { pipeline, layout };
    this.#pipelines.set(key, made);
    return made;
  }

  /** A float32 copy of a tensor of halves. */
  #widened(tensor: TensorInfo): TensorInfo {
    const copy = this.store.allocate(tensor.shape, 'f32');
    const count = sizeOf(tensor.shape);
    this.launch(widen, undefined, { x: tensor, y: copy }, { count }, Math.ceil(count / WORKGROUP_LIMIT));
    return copy;
  }
}
