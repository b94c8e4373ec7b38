import { element } from '../gemm/element';
import { madd } from '../simd';
import { Attention, partOf, sampleOf } from './arguments';

/**
 * Where rows `[first, first + rows)` of the queries (part 0) or keys (1) of a head are, turned by their positions if there is a rotary
 * table, {@link strideOfTurned} floats apart: in `qkv` itself, or in `room`.
 */
export function turnedRows(args: Attention, task: i32, part: i32, first: i32, rows: i32, room: usize): usize {
  const stride = 3 * args.heads * args.headSize;
  const from = element(partOf(args, args.qkv, task, part), stride, 1, first, 0);
  if (args.cos == 0) return from;
  rotateRows(args, task, first, rows, from, stride, room, args.headSize, false);
  return room;
}

/** Floats from one row that {@link turnedRows} gives to the next. */
export function strideOfTurned(args: Attention): i32 {
  return args.cos == 0 ? 3 * args.heads * args.headSize : args.headSize;
}

/**
 * Turns rows `[first, first + rows)` of a head by their positions, from `from` (`fromStride` floats a row) to `to`: the pair of
 * dimensions `2i, 2i + 1` becomes `(x0 cos - x1 sin, x1 cos + x0 sin)`. With `back` the transpose:
 * `(x0 cos0 + x1 sin1, x1 cos1 - x0 sin0)`.
 */
export function rotateRows(
  args: Attention,
  task: i32,
  first: i32,
  rows: i32,
  from: usize,
  fromStride: i32,
  to: usize,
  toStride: i32,
  back: bool,
): void {
  const size = args.headSize;
  const table = element(0, size, 1, first, sampleOf(args, task) * args.rotaryStride);
  let cos = args.cos + table;
  let sin = args.sin + table;
  // The sign of the partner in even and in odd dimensions.
  const signs = back ? f32x4(1, -1, 1, -1) : f32x4(-1, 1, -1, 1);
  for (let row = 0; row < rows; row++) {
    let i: usize = 0;
    const end = (<usize>size) << 2;
    for (; i + 16 <= end; i += 16) {
      const x = v128.load(from + i);
      const s = v128.load(sin + i);
      const turned = back ? swapPairs(f32x4.mul(x, s)) : f32x4.mul(swapPairs(x), s);
      v128.store(to + i, madd(turned, signs, f32x4.mul(x, v128.load(cos + i))));
    }
    for (; i < end; i += 8) {
      const x0 = load<f32>(from + i);
      const x1 = load<f32>(from + i, 4);
      const s0 = load<f32>(sin + i);
      const s1 = load<f32>(sin + i, 4);
      const y0 = back ? x1 * s1 : -x1 * s0;
      const y1 = back ? -x0 * s0 : x0 * s1;
      store<f32>(to + i, x0 * load<f32>(cos + i) + y0);
      store<f32>(to + i, x1 * load<f32>(cos + i, 4) + y1, 4);
    }
    from += (<usize>fromStride) << 2;
    to += (<usize>toStride) << 2;
    cos += end;
    sin += end;
  }
}

// @ts-ignore: decorator
@inline
function swapPairs(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 1, 0, 3, 2);
}
