/**
 * Gives signals (Ctrl-C) a chance to be heard between two pieces of work that keep the thread busy. One `setImmediate` may come before the event
 * loop looks for signals; between two it always looks.
 */
export async function hearSignals(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
