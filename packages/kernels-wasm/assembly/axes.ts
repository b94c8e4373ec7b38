/**
 * Up to five axes that two pointers go along together, the fastest first: of each the length and the distance in bytes for `p`
 * and for `q` (0 to stay, negative to go back). Axes that are not needed have the length 1. 15 words in the arguments of a
 * kernel.
 */
export const AXES: i32 = 5;
const AXIS_BYTES: usize = 12;

/** Where a thread stands. It lies in scratch memory. */
@unmanaged
export class Walk {
  p: usize;
  q: usize;
  /** Index along the first axis; those of the others follow. */
  index: i32;
}

/** Stands at step `step`, counted with the first axis the fastest. */
export function startWalk(walk: Walk, axes: usize, p: usize, q: usize, step: i32): void {
  let at = changetype<usize>(walk) + offsetof<Walk>('index');
  for (let axis = 0; axis < AXES; axis++) {
    const length = load<i32>(axes);
    const index = step % length;
    step /= length;
    store<i32>(at, index);
    p += <usize>index * load<usize>(axes, 4);
    q += <usize>index * load<usize>(axes, 8);
    axes += AXIS_BYTES;
    at += 4;
  }
  walk.p = p;
  walk.q = q;
}

/** Goes one step on. */
// @ts-ignore: decorator
@inline
export function nextStep(walk: Walk, axes: usize): void {
  const index = walk.index + 1;
  if (index < load<i32>(axes)) {
    walk.index = index;
    walk.p += load<usize>(axes, 4);
    walk.q += load<usize>(axes, 8);
  } else carry(walk, axes);
}

function carry(walk: Walk, axes: usize): void {
  let at = changetype<usize>(walk) + offsetof<Walk>('index');
  for (let axis = 0; axis < AXES; axis++) {
    const index = load<i32>(at) + 1;
    if (index < load<i32>(axes)) {
      store<i32>(at, index);
      walk.p += load<usize>(axes, 4);
      walk.q += load<usize>(axes, 8);
      return;
    }
    store<i32>(at, 0);
    walk.p -= <usize>(index - 1) * load<usize>(axes, 4);
    walk.q -= <usize>(index - 1) * load<usize>(axes, 8);
    axes += AXIS_BYTES;
    at += 4;
  }
}
