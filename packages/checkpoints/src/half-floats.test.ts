import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './half-floats.ts';
import { decodeSafetensors } from './safetensors.ts';

// Weights saved at half precision would differ from what NumPy or PyTorch saves, and Inf or NaN would turn into numbers.
test.each(['f16', 'bf16'] as const)('rounds to %s as NumPy and PyTorch do: ties, subnormals, overflow, NaN', (name) => {
  const { tensors } = decodeSafetensors(readFileSync(new URL('../fixtures/rounding.safetensors', import.meta.url)));
  const [encode, decode] = name === 'f16' ? [encodeFloat16, decodeFloat16] : [encodeBfloat16, decodeBfloat16];
  const f32 = tensors.f32.values as Float32Array;
  const expected = tensors[name].values as Float32Array;
  const rounded = decode(encode(f32));
  expect(f32.length).toBeGreaterThan(900);
  const wrong = Array.from(f32, (value, i) => ({ value, got: rounded[i], expected: expected[i] })).filter(
    ({ got, expected }) => !Object.is(got, expected),
  );
  expect(wrong).toEqual([]);
});

// A half-precision checkpoint of somebody else would be read wrongly.
test('reads all 65,536 binary16 numbers by their definition, and writes each back as it was', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const floats = decodeFloat16(halves);
  expect(floats[0x3c00]).toBe(1);
  expect(floats[0x0001]).toBe(2 ** -24);
  expect(floats[0x7bff]).toBe(65504);
  expect(floats[0xfc00]).toBe(Number.NEGATIVE_INFINITY);
  expect(floats[0x8000]).toBe(-0);
  const back = encodeFloat16(floats);
  const changed = halves.filter((half, i) => (half & 0x7fff) <= 0x7c00 && back[i] !== half);
  expect(changed.length).toBe(0);
  expect(floats.filter((value) => Number.isNaN(value)).length).toBe(2 * 1023);
});

test('reads all 65,536 bfloat16 numbers and writes each back as it was', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const floats = decodeBfloat16(halves);
  expect(floats[0x3f80]).toBe(1);
  expect(floats[0xc000]).toBe(-2);
  const back = encodeBfloat16(floats);
  const changed = halves.filter((half, i) => (half & 0x7fff) <= 0x7f80 && back[i] !== half);
  expect(changed.length).toBe(0);
});
