import { VitrailError } from '@vitrail/core';
import { importBuiltin, isNode } from './environment.ts';
import type { VectorBits } from './kernel-imports.ts';
import type { TfjsWasmBackend } from './tfjs-wasm-backend.ts';
import { wideTileIsFaster } from './wide-tile.ts';

/** The kernels, and how long the vectors are that they were compiled to. */
export type CompiledKernels = { readonly module: WebAssembly.Module; readonly vectors: VectorBits };

/** The major version of V8 from which on it packs the loops of a product: that of Node 24. */
const FIRST_PACKING_V8 = 13;

/**
 * Flags of V8 under which the vectors of adjacent values become one of 256 bits, two by two; and code is compiled at its best level at once, so
 * that the flags need to stand no longer than that takes.
 */
const packing: readonly { name: string; set: string; reset: string }[] = [
  { name: 'experimental-wasm-revectorize', set: '--experimental-wasm-revectorize', reset: '--no-experimental-wasm-revectorize' },
  { name: 'liftoff', set: '--no-liftoff', reset: '--liftoff' },
  { name: 'wasm-lazy-compilation', set: '--no-wasm-lazy-compilation', reset: '--wasm-lazy-compilation' },
];

/**
 * Compiles the kernels to vectors of 256 bits where the engine can and they are faster, else to 128. They give the same bits.
 *
 * @param vectors what the caller asked for, if anything
 * @throws `unavailable` if 256 were asked for and are not to be had
 */
export async function compileKernels(
  code: Uint8Array<ArrayBuffer>,
  backend: TfjsWasmBackend,
  vectors: VectorBits | undefined,
): Promise<CompiledKernels> {
  if (vectors !== 128 && canPackVectors()) {
    const module = await compilePacked(code);
    if (module !== undefined && wideTileIsFaster(module, backend)) return { module, vectors: 256 };
  }
  if (vectors === 256) {
    throw new VitrailError(
      'unavailable',
      'vectors of 256 bits need Node 24 or newer, without flags of its own for the compiler of WebAssembly, on a processor with AVX2: use 128, or ' +
        'leave them out for what is fastest here',
    );
  }
  return { module: new WebAssembly.Module(code), vectors: 128 };
}

function canPackVectors(): boolean {
  return isNode() && process.arch === 'x64' && Number.parseInt(process.versions.v8 ?? '', 10) >= FIRST_PACKING_V8;
}

/** The module, or nothing where flags cannot be set. */
async function compilePacked(code: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module | undefined> {
  const { setFlagsFromString } = await importBuiltin<typeof import('node:v8')>('node:v8');
  const given = flagsOfProcess();
  const flags = packing.filter(({ name }) => !given.has(name));
  try {
    for (const { set } of flags) setFlagsFromString(set);
  } catch {
    // An engine that passes for Node, as Bun does. None of its flags is set.
    return undefined;
  }
  try {
    return new WebAssembly.Module(withSection(code, 'packed'));
  } finally {
    for (const { reset } of flags) setFlagsFromString(reset);
  }
}

/** Names of the flags of the command line and of `NODE_OPTIONS`, without `--no-`. */
function flagsOfProcess(): Set<string> {
  const words = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  return new Set(
    words.map((word) =>
      word
        .replaceAll('_', '-')
        .replace(/^--(no-?)?/, '')
        .replace(/=.*/, ''),
    ),
  );
}

/** With a custom section of that name, which means nothing: V8 hands out code again that it has compiled from the same bytes before. */
function withSection(code: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const letters = new TextEncoder().encode(name);
  return Uint8Array.from([...code, 0, letters.length + 1, letters.length, ...letters]);
}
