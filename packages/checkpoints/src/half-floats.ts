/**
 * IEEE 754 binary16 of 32-bit floats, rounded to the nearest, ties to even: what `numpy.astype('float16')` gives.
 *
 * Magnitudes from 65520 become infinite, those of at most 2^-25 zero; NaN stays NaN.
 *
 * @example encodeFloat16(Float32Array.of(1, 65504)) // Uint16Array [0x3c00, 0x7bff]
 */
export function encodeFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) halves[i] = float16Bits(bits[i]);
  return halves;
}

/** The 32-bit floats that binary16 numbers stand for, exactly. */
export function decodeFloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bitsOfHalf = widened();
  const bits = new Int32Array(halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = bitsOfHalf[halves[i]];
  return new Float32Array(bits.buffer);
}

/**
 * bfloat16 (the upper half of a 32-bit float) of 32-bit floats, rounded to the nearest, ties to even: what `torch.bfloat16` gives.
 *
 * Magnitudes past the largest bfloat16 (3.39e38) round to infinity as they do there; NaN stays NaN.
 *
 * @example encodeBfloat16(Float32Array.of(1, -2)) // Uint16Array [0x3f80, 0xc000]
 */
export function encodeBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) halves[i] = bfloat16Bits(bits[i]);
  return halves;
}

/** The 32-bit floats that bfloat16 numbers stand for, exactly. */
export function decodeBfloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function bfloat16Bits(bits: number): number {
  // Rounding could carry a NaN whose fraction is all ones over to zero: it is cut and made quiet instead.
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** The bits of every binary16 number as a 32-bit float: looking one up takes half as long as working it out. Made for the first that is decoded. */
let table: Int32Array | undefined;

function widened(): Int32Array {
  table ??= Int32Array.from({ length: 1 << 16 }, (_, half) => widenedBits(half));
  return table;
}

function widenedBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half & 0x7c00) >>> 10;
  const fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13); // Infinity and NaN.
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13); // 127 instead of 15 is taken off.
  if (fraction === 0) return sign;
  // Too small for an implicit leading one: the highest one of the fraction becomes it; every place it moves is a power of two.
  const places = Math.clz32(fraction) - 21;
  return sign | ((113 - places) << 23) | (((fraction << places) & 0x3ff) << 13);
}

function float16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const fraction = bits & 0x7fffff;
  const exponent = ((bits >>> 23) & 0xff) - 112; // The exponent field of binary16.
  if (exponent === 143) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200 | (fraction >>> 13));
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign;
  // A subnormal half has no implicit leading one: it moves into the fraction, which is cut the shorter.
  const wide = exponent > 0 ? (exponent << 23) | fraction : fraction | 0x800000;
  const cut = exponent > 0 ? 13 : 14 - exponent;
  const half = wide >>> cut;
  const rest = wide & ((1 << cut) - 1);
  const tie = 1 << (cut - 1);
  // A carry out of the fraction goes into the exponent, which is what rounding up to the next power of two (or infinity) means.
  return sign | (half + (rest > tie || (rest === tie && (half & 1) === 1) ? 1 : 0));
}
