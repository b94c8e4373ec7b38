/** Runs at most `places` pieces of work at a time, in the order in which they came. */
export function limiter(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place is handed on without becoming free in between, so that nobody overtakes.
      const successor = waiting.shift();
      if (successor === undefined) free++;
      else successor();
    }
  };
}
