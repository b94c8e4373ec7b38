/** How many things are read at a time: enough to hide the way to a server, and what browsers open connections for. */
const atOnce = 6;

/** What `read` makes of every item, in the order of the items, a few at a time. Fails with the first failure. */
export async function concurrently<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let next = 0;
  let hasFailed = false;
  async function work(): Promise<void> {
    while (next < items.length && !hasFailed) {
      const i = next++;
      try {
        results[i] = await read(items[i]);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return results;
}
