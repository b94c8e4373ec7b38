/** What the WebAssembly engine of this machine can do. */
export type WasmFeatures = {
  /** 128-bit vectors. */
  simd: boolean;
  /** Vectors with fused multiply-add. */
  relaxedSimd: boolean;
  /** Shared memory and atomics; in a browser only usable on pages that are cross-origin isolated. */
  threads: boolean;
};

/** `\0asm`, version 1. */
const preamble = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** One function type, `() -> v128`, and one function of that type. */
const vectorFunction = [1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0];
/** One function type, `() -> ()`, and one function of that type. */
const plainFunction = [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];
/** A shared memory of exactly one page. */
const sharedMemory = [5, 4, 1, 3, 1, 1];

/** Smallest modules that only an engine with the feature accepts. */
const modules: Record<keyof WasmFeatures, readonly number[]> = {
  // i32.const 0; i8x16.splat; i8x16.popcnt
  simd: [...preamble, ...vectorFunction, ...code(0x41, 0, 0xfd, 0x0f, 0xfd, 0x62)],
  // i32.const 1; i8x16.splat; i32.const 2; i8x16.splat; i8x16.relaxed_swizzle
  relaxedSimd: [...preamble, ...vectorFunction, ...code(0x41, 1, 0xfd, 0x0f, 0x41, 2, 0xfd, 0x0f, 0xfd, 0x80, 2)],
  // i32.const 0; i32.atomic.load; drop
  threads: [...preamble, ...plainFunction, ...sharedMemory, ...code(0x41, 0, 0xfe, 0x10, 2, 0, 0x1a)],
};

/**
 * What the WebAssembly engine supports, found by validating a module of a few bytes for each feature; nothing is run. All false without
 * WebAssembly.
 *
 * @example wasmFeatures() // { simd: true, relaxedSimd: true, threads: true } on Node 24
 */
export function wasmFeatures(): WasmFeatures {
  const accepts = (bytes: readonly number[]) => typeof WebAssembly === 'object' && WebAssembly.validate(Uint8Array.from(bytes));
  return { simd: accepts(modules.simd), relaxedSimd: accepts(modules.relaxedSimd), threads: accepts(modules.threads) };
}

/** A code section with one function body without locals. */
function code(...instructions: readonly number[]): number[] {
  const body = [0, ...instructions, 0x0b];
  return [10, body.length + 2, 1, body.length, ...body];
}
