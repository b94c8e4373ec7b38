import { execFile } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { matMul, setBackend, tidy } from '@tensorflow/tfjs-core';
import { sampleTensor } from '@vitrail/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { registerWasmKernels } from './index.ts';

const { vectors: widest } = await registerWasmKernels({ threads: 1 });
afterAll(async () => {
  await setBackend('cpu');
});

/** A source file as what a program may import. */
function moduleOf(file: string): string {
  return JSON.stringify(fileURLToPath(new URL(file, import.meta.url)));
}

/** Compiles the kernels to wide vectors, then the same code in the usual way, and runs that until V8 has compiled it at its best level. */
const program = `
import { compileKernels } from ${moduleOf('compile-kernels.ts')};
import { kernelImports } from ${moduleOf('kernel-imports.ts')};
import { binaries } from ${moduleOf('generated/binaries.ts')};
const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536 });
const wasm = { asm: { memory }, HEAPU8: new Uint8Array(memory.buffer), _malloc: () => 1024, _free() {} };
const code = Buffer.from(binaries.relaxed, 'base64');
const { vectors } = await compileKernels(code, { wasm }, undefined);
console.log('\\ncompiled to ' + vectors);
// A custom section: V8 would hand out the code that it has already compiled from these bytes.
const other = Uint8Array.from([...code, 0, 2, 1, 0x78]);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(other), kernelImports(memory, 0, 128));
for (let i = 0; i < 20000; i++) exports.multiplyWideTiles(0, 24, 0, 8192, 64, 1, 100, 16384, 0, 16384, 64);
`;

async function traceOfPacking(...flags: string[]): Promise<[during: string, after: string]> {
  const args = ['--no-warnings', '--conditions=@vitrail/source', '--trace-wasm-revectorize', ...flags];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, '--input-type=module', '-e', program], {
    maxBuffer: 2 ** 28,
  });
  const [during, after] = stdout.split('\ncompiled to 256\n');
  return [during, after];
}

describe.skipIf(widest !== 256)('vectors of 256 bits (skipped where the engine or the processor has none)', () => {
  it('are what the kernels are compiled to, and no other code', async () => {
    const [during, after] = await traceOfPacking();
    expect(during).toContain('Begin revec');
    expect(after).not.toContain('Begin revec');
  });

  it('stay as the user of the process has set them', async () => {
    const [, after] = await traceOfPacking('--experimental-wasm-revectorize');
    expect(after).toContain('Begin revec');
  });

  it('come with flags and paths that only sound like theirs', async () => {
    const [, after] = await traceOfPacking('--title=liftoff', '--no-experimental-wasm-revectorize');
    expect(after).toBeUndefined();
    expect((await traceOfPacking('--title=liftoff'))[1]).not.toContain('Begin revec');
  });

  it('are used by default, and can be asked for and turned off', async () => {
    const product = () => tidy(() => matMul(sampleTensor([37, 100]), sampleTensor([100, 83], 2)).dataSync());
    expect(await registerWasmKernels({ vectors: 128 })).toMatchObject({ vectors: 128 });
    const narrow = product();
    expect(await registerWasmKernels({ vectors: 256 })).toMatchObject({ vectors: 256 });
    expect(product()).toEqual(narrow);
    expect(await registerWasmKernels()).toMatchObject({ vectors: 256 });
  });
});

it('are left out where flags cannot be set', async () => {
  const { default: v8 } = await import('node:v8');
  const { setFlagsFromString } = v8;
  v8.setFlagsFromString = () => {
    throw new Error('not implemented');
  };
  syncBuiltinESMExports();
  try {
    await registerWasmKernels({ vectors: 128 });
    expect(await registerWasmKernels()).toMatchObject({ vectors: 128 });
  } finally {
    v8.setFlagsFromString = setFlagsFromString;
    syncBuiltinESMExports();
  }
});

it('are refused where there are none', async () => {
  const { arch } = process;
  Object.defineProperty(process, 'arch', { value: 'arm64' });
  try {
    await registerWasmKernels({ vectors: 128 });
    expect(await registerWasmKernels()).toMatchObject({ vectors: 128 });
    await expect(registerWasmKernels({ vectors: 256 })).rejects.toThrow('need Node 24 or newer');
  } finally {
    Object.defineProperty(process, 'arch', { value: arch });
  }
});
