/**
 * All tensors of a tree as one row of elements, divided into chunks, one a task. A table says where each tensor begins and ends
 * in that row; its entries are in order, follow on each other and are not empty.
 */
@unmanaged
export class Chunks {
  table: usize;
  tensors: i32;
  elements: i32;
  /** Elements of a chunk. */
  chunk: i32;
}

/** What every entry of a table begins with: the first element of a tensor, and the first after it. */
@unmanaged
export class Span {
  start: i32;
  end: i32;
}

/** The first element of a chunk. */
// @ts-ignore: decorator
@inline
export function chunkStart(chunks: Chunks, task: i32): i32 {
  return task * chunks.chunk;
}

/** The element after the last of a chunk. */
// @ts-ignore: decorator
@inline
export function chunkEnd(chunks: Chunks, task: i32): i32 {
  return min(task * chunks.chunk + chunks.chunk, chunks.elements);
}

/** The entry, `entryBytes` long, of the tensor that an element belongs to. */
export function entryOf(chunks: Chunks, entryBytes: i32, element: i32): usize {
  let low = 0;
  let high = chunks.tensors - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (changetype<Span>(chunks.table + <usize>(middle * entryBytes)).start <= element) low = middle;
    else high = middle - 1;
  }
  return chunks.table + <usize>(low * entryBytes);
}
