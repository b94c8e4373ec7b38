/** Accumulators that do not wait for each other: more than latency x units of any processor, and all in its sixteen registers. */
const accumulators = 12;

/** Passes over the accumulators between two looks at the loop counter. */
const unrolled = 8;

/** Floating-point operations of one iteration: four lanes, multiply and add. */
export const flopsPerIteration = accumulators * unrolled * 4 * 2;

const [i32, f32, v128] = [0x7f, 0x7d, 0x7b];

/**
 * A WebAssembly module that only multiplies and adds in registers, with fused 128-bit instructions (relaxed SIMD): what no product can outrun.
 *
 *     (func (export "run") (param $n i32) (param $a f32) (param $b f32) (result f32)
 *       (local $x v128) (local $y v128) (local $s0 v128) ... (local $s11 v128)
 *       x = splat(a), y = splat(b); do { s_i = x * y + s_i, for all i, 8 times over } while (n -= 1); lane 0 of the sum of all s_i)
 */
export function multiplyAddModule(): Uint8Array<ArrayBuffer> {
  const [n, a, b, x, y, firstSum] = [0, 1, 2, 3, 4, 5];
  const sums = Array.from({ length: accumulators }, (_, i) => firstSum + i);
  const multiplyAdd = (sum: number) => [...get(x), ...get(y), ...get(sum), ...simd(0x105), ...set(sum)];
  const body = [
    ...unsigned(1), // one group of locals
    ...unsigned(2 + accumulators),
    v128,
    ...[...get(a), ...simd(0x13), ...set(x), ...get(b), ...simd(0x13), ...set(y)], // f32x4.splat
    ...[0x03, 0x40], // loop
    ...Array.from({ length: unrolled }, () => sums.flatMap(multiplyAdd)).flat(),
    ...[...get(n), 0x41, 1, 0x6b, 0x22, n, 0x0d, 0], // n = n - 1; br_if
    0x0b,
    ...get(firstSum),
    ...sums.slice(1).flatMap((sum) => [...get(sum), ...simd(0xe4)]), // f32x4.add
    ...[...simd(0x1f), 0], // f32x4.extract_lane 0
    0x0b,
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, i32, f32, f32, 1, f32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...new TextEncoder().encode('run'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function simd(opcode: number): number[] {
  return [0xfd, ...unsigned(opcode)];
}

function get(local: number): number[] {
  return [0x20, local];
}

function set(local: number): number[] {
  return [0x21, local];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}
