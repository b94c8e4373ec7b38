import { nextStep, startWalk, Walk } from '../axes';

/**
 * `to[i..., j] = from[i..., j]`, words of 32 bits, where both are views of memory with their own strides. A run along the last
 * axis longer than `chunk` is divided.
 */
@unmanaged
export class CopyArgs {
  from: usize;
  to: usize;
  /** Words of a run, and the distance in bytes of one to the next in `from` (0 to repeat one word) and in `to`. */
  length: i32;
  step: i32;
  toStep: i32;
  chunk: i32;
  chunks: i32;
  /** Chunks in all, and in a task. */
  units: i32;
  unitsPerTask: i32;
  /** See {@link Walk}; p is in `from`, q in `to`. */
  axes: i32;
}

export function copyTask(args: CopyArgs, task: i32, scratch: usize): void {
  const walk = changetype<Walk>(scratch);
  const axes = changetype<usize>(args) + offsetof<CopyArgs>('axes');
  const step = <usize>args.step;
  const toStep = <usize>args.toStep;
  const chunks = args.chunks;
  let unit = task * args.unitsPerTask;
  const end = min(unit + args.unitsPerTask, args.units);
  if (chunks > 1) {
    for (; unit < end; unit++) {
      startWalk(walk, axes, args.from, args.to, unit / chunks);
      const first = (unit % chunks) * args.chunk;
      copyRun(walk.p + <usize>first * step, walk.q + <usize>first * toStep, min(args.chunk, args.length - first), step, toStep);
    }
    return;
  }
  startWalk(walk, axes, args.from, args.to, unit);
  while (true) {
    copyRun(walk.p, walk.q, args.length, step, toStep);
    if (++unit >= end) return;
    nextStep(walk, axes);
  }
}

// @ts-ignore: decorator
@inline
function copyRun(from: usize, to: usize, length: i32, step: usize, toStep: usize): void {
  if (toStep != 4) copyApart(from, to, length, step, toStep);
  else if (step == 4) copyWords(from, to, length);
  else if (step == 0) repeatWord(from, to, length);
  else copyApart(from, to, length, step, toStep);
}

/** Copies `length` words. */
export function copyWords(from: usize, to: usize, length: i32): void {
  if (length >= 256) {
    memory.copy(to, from, (<usize>length) << 2);
    return;
  }
  while (length >= 4) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
    length -= 4;
  }
  while (length > 0) {
    store<i32>(to, load<i32>(from));
    from += 4;
    to += 4;
    length--;
  }
}

function repeatWord(from: usize, to: usize, length: i32): void {
  const word = v128.load32_splat(from);
  while (length >= 4) {
    v128.store(to, word);
    to += 16;
    length -= 4;
  }
  while (length > 0) {
    v128.store32_lane(to, word, 0);
    to += 4;
    length--;
  }
}

function copyApart(from: usize, to: usize, length: i32, step: usize, toStep: usize): void {
  while (length > 0) {
    store<i32>(to, load<i32>(from));
    from += step;
    to += toStep;
    length--;
  }
}
