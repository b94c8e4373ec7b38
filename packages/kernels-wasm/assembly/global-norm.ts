import { Chunks, chunkEnd, chunkStart, entryOf } from './optimizer-chunks';

@unmanaged
export class GlobalNormArgs extends Chunks {
  /** Where the sums of the chunks go, float64. */
  sums: usize;
}

/** One tensor of the table. */
@unmanaged
class NormTensor {
  start: i32;
  end: i32;
  values: usize;
}

/** The sum of squares of one chunk, in float64, in an order that depends on the sizes of the tensors alone. */
export function globalNormTask(args: GlobalNormArgs, task: i32): void {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = chunkEnd(args, task);
  let at = chunkStart(args, task);
  let entry = entryOf(args, offsetof<NormTensor>(), at);
  while (at < end) {
    const tensor = changetype<NormTensor>(entry);
    let values = tensor.values + ((<usize>(at - tensor.start)) << 2);
    let count = min(end, tensor.end) - at;
    at += count;
    for (; count >= 4; count -= 4) {
      const four = v128.load(values);
      const two = f64x2.promote_low_f32x4(four);
      const others = f64x2.promote_low_f32x4(i64x2.shuffle(four, four, 1, 1));
      low = f64x2.add(low, f64x2.mul(two, two));
      high = f64x2.add(high, f64x2.mul(others, others));
      values += 16;
    }
    for (; count > 0; count--) {
      const one = f64x2.promote_low_f32x4(v128.load32_zero(values));
      low = f64x2.add(low, f64x2.mul(one, one));
      values += 4;
    }
    entry += offsetof<NormTensor>();
  }
  const sum = f64x2.add(low, high);
  store<f64>(args.sums + ((<usize>task) << 3), f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}
