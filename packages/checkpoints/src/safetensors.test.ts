import { readFileSync } from 'node:fs';
import { createRng, isVitrailError } from '@vitrail/core';
import { describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import type { TensorData } from './tensor-data.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

/** A file with a header of our making, whatever it says. */
function file(header: string, dataLength = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (dtype: string, shape: unknown, offsets: unknown) => JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('against the reference implementation', () => {
  // Weights from Hugging Face would be misread.
  test('reads every element type, with the names and metadata of the file', () => {
    type Listed = Record<string, { dtype: string; shape: number[]; values: (number | string)[] }>;
    const expected: Listed = JSON.parse(fixture('dtypes.json').toString());
    const { tensors, metadata } = decodeSafetensors(fixture('dtypes.safetensors'));
    expect(metadata).toEqual({ format: 'pt' });
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, { dtype, shape, values }] of Object.entries(expected)) {
      expect({ name, dtype: tensors[name].dtype, shape: tensors[name].shape }).toEqual({ name, dtype, shape });
      const got = Array.from<number | bigint, number | string>(tensors[name].values, (v) =>
        typeof v === 'bigint' ? String(v) : v,
      );
      expect(got, name).toEqual(values);
    }
  });

  // Other programs, and checksums of files, would see different files for the same weights.
  test('writes the very bytes that the reference writes, however the tensors are ordered', () => {
    const bytes = fixture('dtypes.safetensors');
    const { tensors, metadata } = decodeSafetensors(bytes);
    const reversed = Object.fromEntries(Object.entries(tensors).reverse());
    expect(Buffer.compare(encodeSafetensors(reversed, metadata), bytes)).toBe(0);
  });

  test('an empty file of the reference: eight bytes of length, {} and spaces', () => {
    expect(Buffer.from(encodeSafetensors({})).toString('latin1')).toBe(`\x08${'\0'.repeat(7)}{}      `);
  });
});

describe('alignment', () => {
  test('tensor data starts at a multiple of eight bytes', () => {
    for (let length = 1; length < 20; length++) {
      const bytes = encodeSafetensors({ ['x'.repeat(length)]: { dtype: 'U8', shape: [1], values: Uint8Array.of(9) } });
      expect((bytes.length - 1) % 8).toBe(0);
    }
  });

  // A file read into the middle of a larger buffer, or written by a program that does not pad, would fail to load.
  test('reads files at any offset of their buffer', () => {
    const bytes = encodeSafetensors({
      a: { dtype: 'F64', shape: [2], values: Float64Array.of(1.5, -2) },
      b: { dtype: 'BF16', shape: [1], values: Float32Array.of(0.5) },
    });
    for (let shift = 0; shift < 9; shift++) {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const { tensors } = decodeSafetensors(moved.subarray(shift));
      expect(Array.from(tensors.a.values as Float64Array)).toEqual([1.5, -2]);
      expect(Array.from(tensors.b.values as Float32Array)).toEqual([0.5]);
    }
  });
});

test('a tensor may be called __proto__, toString or 10', () => {
  const one: TensorData = { dtype: 'F32', shape: [], values: Float32Array.of(1) };
  const { tensors } = decodeSafetensors(
    encodeSafetensors(Object.fromEntries(['__proto__', 'toString', '10'].map((n) => [n, one]))),
  );
  expect(Object.keys(tensors).sort()).toEqual(['10', '__proto__', 'toString']);
});

describe('refuses to write', () => {
  test.each<[string, Record<string, TensorData>, string]>([
    ['a shape that does not fit', { w: { dtype: 'F32', shape: [3], values: new Float32Array(2) } }, 'shape [3] does not hold 2'],
    ['a length below zero', { w: { dtype: 'F32', shape: [-1, -2], values: new Float32Array(2) } }, 'shape [-1,-2]'],
    ['the reserved name', { __metadata__: { dtype: 'F32', shape: [], values: new Float32Array(1) } }, 'keeps that name'],
    [
      'values of another type',
      { w: { dtype: 'F32', shape: [1], values: Int32Array.of(1) } as unknown as TensorData },
      'Float32Array',
    ],
    ['an unknown type', { w: { dtype: 'F8', shape: [1], values: Int32Array.of(1) } as unknown as TensorData }, '"F8" came'],
  ])('%s', (_, tensors, message) => {
    expect(() => encodeSafetensors(tensors)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    expect(() => encodeSafetensors(tensors)).toThrow(message);
  });
});

describe('refuses to read', () => {
  const long = new Uint8Array(16);
  new DataView(long.buffer).setBigUint64(0, 100_000_001n, true);
  const huge = new Uint8Array(16).fill(0xff);
  const f32 = entry('F32', [1], [0, 4]);
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'at least 8 bytes'],
    ['a header past the end', file('{}').subarray(0, 9), 'claims 2 bytes, but only 1'],
    ['a header of more than 100 MB', long, 'at most 100000000 bytes'],
    ['a length of 64 ones', huge, 'at most 100000000 bytes'],
    ['an empty header', file(''), 'not JSON'],
    ['text that is not JSON', file('{"a":'), 'not JSON'],
    ['deep nesting', file('['.repeat(100_000)), 'not JSON'],
    ['a byte order mark', file('\ufeff{}'), 'not JSON'],
    ['bytes that are not UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe), 'not UTF-8'],
    ['a list', file('[]'), 'not a JSON object'],
    [
      'a name twice',
      file(`{"a":${f32},"b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},"\\u0061":${f32}}`, 4),
      '"a" stands twice',
    ],
    ['a field twice', file('{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', 4), '"dtype" stands twice'],
    ['an entry that is a number', file('{"a":1}'), 'tensor "a": its entry is not an object'],
    ['an unknown type', file(`{"a":${entry('F8_E4M3', [1], [0, 1])}}`, 1), '"F8_E4M3" stands there'],
    ['a type named as a method', file(`{"a":${entry('toString', [1], [0, 1])}}`, 1), '"toString" stands there'],
    ['a shape below zero', file(`{"a":${entry('F32', [-1], [0, 4])}}`, 4), '[-1] is no shape'],
    ['half a row', file(`{"a":${entry('F32', [1.5], [0, 6])}}`, 6), '[1.5] is no shape'],
    ['a shape past 2^53', file(`{"a":${entry('U8', [2 ** 30, 2 ** 30], [0, 4])}}`, 4), 'is no shape'],
    ['a shape that is no list', file(`{"a":${entry('U8', 'x', [0, 4])}}`, 4), 'is no shape'],
    ['three offsets', file(`{"a":${entry('F32', [1], [0, 4, 8])}}`, 4), 'data_offsets are [begin, end]'],
    ['offsets turned round', file(`{"a":${entry('F32', [1], [4, 0])}}`, 4), 'begin <= end'],
    ['offsets below zero', file(`{"a":${entry('F32', [1], [-4, 0])}}`, 4), 'begin <= end'],
    [
      'a size that does not fit the shape',
      file(`{"a":${entry('F32', [2], [0, 4])}}`, 4),
      'takes 8 bytes, but data_offsets span 4',
    ],
    ['tensors that overlap', file(`{"a":${f32},"b":${entry('U8', [3], [2, 5])}}`, 5), 'tensor "b" overlaps'],
    ['a hole', file(`{"a":${f32},"b":${entry('U8', [1], [6, 7])}}`, 7), 'tensor "b" leaves 2 bytes unused'],
    ['data that ends early', file(`{"a":${f32}}`, 3), 'take 4 bytes, but 3'],
    ['data after the last tensor', file(`{"a":${f32}}`, 5), 'take 4 bytes, but 5'],
    ['metadata that is no text', file('{"__metadata__":{"a":1}}'), '__metadata__ is an object of texts'],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code: 'corrupt-data' }));
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });
});

// A damaged download would hang the program, crash it with a stack trace, or ask for all memory.
test('2,000 damaged files: each is refused as corrupt, or gives tensors no larger than the file allows', () => {
  const rng = createRng('damage');
  const originals = [
    new Uint8Array(fixture('dtypes.safetensors')),
    encodeSafetensors({
      w: { dtype: 'F32', shape: [2, 3], values: new Float32Array(6) },
      b: { dtype: 'I32', shape: [2], values: new Int32Array(2) },
    }),
  ];
  const outcomes = { refused: 0, read: 0 };
  for (let i = 0; i < 2000; i++) {
    const damaged = damage(originals[i % 2], rng.fork(i));
    try {
      const { tensors } = decodeSafetensors(damaged);
      const size = Object.values(tensors).reduce((sum, { values }) => sum + values.byteLength, 0);
      expect(size).toBeLessThanOrEqual(2 * damaged.length);
      outcomes.read++;
    } catch (error) {
      if (!isVitrailError(error) || error.code !== 'corrupt-data') throw error;
      outcomes.refused++;
    }
  }
  expect(outcomes.refused).toBeGreaterThan(1000);
  expect(outcomes.read).toBeGreaterThan(50);
});

function damage(original: Uint8Array, rng: ReturnType<typeof createRng>): Uint8Array {
  let bytes = original.slice();
  for (let count = rng.integer(1, 4); count > 0 && bytes.length > 8; count--) {
    const headerEnd = Math.min(bytes.length, 8 + bytes[0] + 256 * bytes[1]);
    const at = rng.integer(0, rng.uniform() < 0.8 ? headerEnd : bytes.length);
    switch (rng.integer(0, 6)) {
      case 0:
        bytes[at] ^= 1 << rng.integer(0, 8);
        break;
      case 1:
        bytes[at] = '0123456789{}[]",:-.eE\\ '.charCodeAt(rng.integer(0, 23));
        break;
      case 2:
        bytes[rng.integer(0, 8)] = rng.integer(0, 256);
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4:
        bytes = new Uint8Array([
          ...bytes.subarray(0, at),
          ...original.subarray(8, 8 + rng.integer(1, 80)),
          ...bytes.subarray(at),
        ]);
        break;
      default:
        bytes.copyWithin(at, rng.integer(0, bytes.length), rng.integer(0, bytes.length));
    }
  }
  return bytes;
}
