import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Device } from './device.ts';
import { sizeOf } from './placement.ts';

/** Bytes of a bucket, unless a single tensor has more. More would make no launch faster, and memory harder to find. */
const BUCKET_BYTES = 256 * 2 ** 20;

/** Launches more than the sizes ask for, before tensors are copied into one slab instead. */
const MORE_LAUNCHES = 3;

/**
 * Which tensors go into one launch: lists of their numbers, the empty ones left out.
 *
 * Those that lie in the same slabs already stay together, so that nothing is copied from step to step, also where one kernel goes over all
 * tensors of a tree and another over some of them.
 *
 * @param lists tensors by number, in each list of the same shapes: what one launch binds
 */
export function bucketsOf(device: Device, lists: readonly (readonly TensorInfo[])[]): number[][] {
  const shapes = lists[0].map(({ shape }) => shape);
  const filled = shapes.flatMap((shape, i) => (sizeOf(shape) > 0 ? [i] : []));
  const bytes = (i: number) => device.store.slabBytes(shapes[i]);
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const limit = Math.min(BUCKET_BYTES, maxStorageBufferBindingSize, maxBufferSize);
  const bySize = divided(filled, bytes, limit);
  const asTheyLie = groupsBySlabs(device, lists, filled).flatMap((group) => divided(group, bytes, limit));
  return asTheyLie.length <= bySize.length + MORE_LAUNCHES ? asTheyLie : bySize;
}

/** In order, as many as fit. */
function divided(numbers: readonly number[], bytes: (i: number) => number, limit: number): number[][] {
  const buckets: number[][] = [];
  let room = 0;
  for (const i of numbers) {
    if (bytes(i) > room) {
      buckets.push([]);
      room = limit;
    }
    buckets[buckets.length - 1].push(i);
    room -= bytes(i);
  }
  return buckets;
}

function groupsBySlabs(device: Device, lists: readonly (readonly TensorInfo[])[], numbers: readonly number[]): number[][] {
  const names = new Map<object | undefined, number>();
  const nameOf = (tensor: TensorInfo) => {
    const slab = device.store.slabOf(tensor);
    if (!names.has(slab)) names.set(slab, names.size);
    return names.get(slab);
  };
  const groups = new Map<string, number[]>();
  for (const i of numbers) {
    const key = lists.map((list) => nameOf(list[i])).join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  }
  return [...groups.values()];
}
