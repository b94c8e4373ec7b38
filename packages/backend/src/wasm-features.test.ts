import { describe, expect, it, vi } from 'vitest';
import { wasmFeatures } from './wasm-features.ts';

describe('wasmFeatures', () => {
  it('finds what V8 has had for years', () => {
    expect(wasmFeatures()).toMatchObject({ simd: true, threads: true });
  });

  it('finds relaxed SIMD exactly where the engine accepts an instruction of it', () => {
    // (func (result v128) v128.const 0 v128.const 0 v128.const 0 f32x4.relaxed_madd), a module of another instruction than the one probed.
    const constant = [0xfd, 0x0c, ...Array<number>(16).fill(0)];
    const body = [0, ...constant, ...constant, ...constant, 0xfd, 0x85, 2, 0x0b];
    const module = [
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      1,
      5,
      1,
      0x60,
      0,
      1,
      0x7b,
      3,
      2,
      1,
      0,
      10,
      body.length + 2,
      1,
      body.length,
      ...body,
    ];
    expect(wasmFeatures().relaxedSimd).toBe(WebAssembly.validate(Uint8Array.from(module)));
  });

  it('finds nothing without WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(wasmFeatures()).toEqual({ simd: false, relaxedSimd: false, threads: false });
    vi.unstubAllGlobals();
  });
});
