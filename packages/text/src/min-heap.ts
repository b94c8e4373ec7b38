/** A heap of values, of which `pop` gives the first in the order of `before`. Of two equals either may come first. */
export function minHeap<T>(before: (a: T, b: T) => boolean): {
  push(value: T): void;
  pop(): T | undefined;
  readonly size: number;
} {
  const heap: T[] = [];
  return {
    get size() {
      return heap.length;
    },
    push(value) {
      let at = heap.length;
      heap.push(value);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(value, heap[parent])) break;
        heap[at] = heap[parent];
        at = parent;
      }
      heap[at] = value;
    },
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return first;
      let at = 0;
      while (true) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
        if (!before(heap[child], last)) break;
        heap[at] = heap[child];
        at = child;
      }
      heap[at] = last;
      return first;
    },
  };
}
