import { getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe } from 'vitest';

/** The same tests on each of the backends that run everywhere. */
export function onBackend(names: readonly ('cpu' | 'wasm')[], tests: (name: string) => void): void {
  describe.each(names)('on %s', (name) => {
    let previous: string;
    beforeAll(async () => {
      previous = getBackend();
      await setBackend(name);
      await ready();
    });
    afterAll(async () => {
      await setBackend(previous);
    });
    tests(name);
  });
}
