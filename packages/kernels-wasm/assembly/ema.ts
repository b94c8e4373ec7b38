import { Chunks, chunkEnd, chunkStart, entryOf } from './optimizer-chunks';
import { madd } from './simd';

@unmanaged
export class EmaArgs extends Chunks {
  momentum: f32;
  /** `1 - momentum`. */
  share: f32;
}

/** One tensor of the table. */
@unmanaged
class EmaTensor {
  start: i32;
  end: i32;
  average: usize;
  current: usize;
  updated: usize;
}

/** One chunk of `momentum average + (1 - momentum) current`. */
export function emaTask(args: EmaArgs, task: i32): void {
  const momentum = f32x4.splat(args.momentum);
  const share = f32x4.splat(args.share);
  const end = chunkEnd(args, task);
  let at = chunkStart(args, task);
  let entry = entryOf(args, offsetof<EmaTensor>(), at);
  while (at < end) {
    const tensor = changetype<EmaTensor>(entry);
    const offset = (<usize>(at - tensor.start)) << 2;
    let count = min(end, tensor.end) - at;
    at += count;
    let average = tensor.average + offset;
    let current = tensor.current + offset;
    let updated = tensor.updated + offset;
    for (; count >= 4; count -= 4) {
      v128.store(updated, madd(v128.load(average), momentum, f32x4.mul(v128.load(current), share)));
      average += 16;
      current += 16;
      updated += 16;
    }
    for (; count > 0; count--) {
      const mixed = madd(v128.load32_zero(average), momentum, f32x4.mul(v128.load32_zero(current), share));
      v128.store_lane<f32>(updated, mixed, 0);
      average += 4;
      current += 4;
      updated += 4;
    }
    entry += offsetof<EmaTensor>();
  }
}
