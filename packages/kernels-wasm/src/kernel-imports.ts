/** Bits that an instruction of the kernels works on: four float32 values, or eight. */
export type VectorBits = 128 | 256;

/** What an instance of the kernels imports: the memory of tfjs, where their constants lie, and which tile products have (`assembly/gemm/wide.ts`). */
export type KernelImports = {
  readonly env: { readonly memory: WebAssembly.Memory; readonly constants: number; readonly wide: 0 | 1 };
};

/** The imports of an instance on `memory`, whose constants are at the address `constants`. */
export function kernelImports(memory: WebAssembly.Memory, constants: number, vectors: VectorBits): KernelImports {
  return { env: { memory, constants, wide: vectors === 256 ? 1 : 0 } };
}
