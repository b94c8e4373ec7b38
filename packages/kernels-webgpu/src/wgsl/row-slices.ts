import type { Access } from '../shader.ts';

/** How the rows of a matrix are spread over a workgroup of 256 invocations. */
export type RowSlices = {
  /** Numbers are read and written four at once. */
  readonly vector: boolean;
  /** Invocations that share a row: a power of two. `256 / lanes` rows are worked on at once. */
  readonly lanes: number;
  /** Numbers (or vectors of four) of a row that one invocation has, a `lanes`-th apart from each other. */
  readonly held: number;
};

/** Numbers of the longest row: its invocations hold all of it in private memory, of which there are 8 KiB in WGSL. */
export const MOST_WIDTH = 131072;

/** As many invocations to a row as leave each of them about 4 numbers or vectors of it, and at least 32 where the row is so long. */
export function rowSlices(width: number): RowSlices {
  const vector = width % 4 === 0;
  const count = Math.max(1, vector ? width / 4 : width);
  const lanes = Math.min(256, powerOfTwo(count), Math.max(32, powerOfTwo(count / 4)));
  return { vector, lanes, held: Math.ceil(count / lanes) };
}

/** How a binding of {@link RowSlices} is used. */
export function numbersAccess(kind: 'read' | 'write', vector: boolean): Access {
  return vector ? `${kind}4` : kind;
}

/** The smallest power of two that is not below. */
function powerOfTwo(count: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(count)));
}

/**
 * The constants `LANES`, `HELD` and `ROWS` (rows at once), the type `Numbers` (`f32`, or `vec4f`), `fn total(Numbers) -> f32`, and
 *
 * `fn row_sum(value: Sum, lane: u32) -> Sum`: the sum over the invocations of a row, for all of them, in two steps of about the square root
 * of their number, which takes fewer barriers than halving: first over every so many invocations, then over those sums, both in order. To be
 * called in uniform control flow.
 */
export function rowSlicesCode({ vector, lanes, held }: RowSlices, sum: 'f32' | 'vec2f'): string {
  return /* wgsl */ `
const LANES = ${lanes}u;
const HELD = ${held}u;
const ROWS = ${256 / lanes}u;
// How many sums the first step gives.
const STEP = ${2 ** Math.floor(Math.log2(lanes) / 2)}u;
alias Numbers = ${vector ? 'vec4f' : 'f32'};
fn total(numbers: Numbers) -> f32 { return ${vector ? '(numbers.x + numbers.y) + (numbers.z + numbers.w)' : 'numbers'}; }

var<workgroup> lane_sums: array<${sum}, 256>;
var<workgroup> step_sums: array<${sum}, 256>;
fn row_sum(value: ${sum}, lane: u32) -> ${sum} {
  if (LANES == 1) {
    return value;
  }
  lane_sums[lane] = value;
  workgroupBarrier();
  if (lane % LANES < STEP) {
    var sum = value;
    for (var other = STEP; other < LANES; other += STEP) {
      sum += lane_sums[lane + other];
    }
    step_sums[lane] = sum;
  }
  workgroupBarrier();
  let first = lane - lane % LANES;
  var sum = step_sums[first];
  for (var other = 1u; other < STEP; other++) {
    sum += step_sums[first + other];
  }
  return sum;
}`;
}
