import type { IndexStore } from '../src/shards/kept-index.ts';

/** A store of an index in memory, with everything that was ever saved; the last is what it holds. */
export function memoryStore(): IndexStore & { readonly saved: Uint8Array[] } {
  const saved: Uint8Array[] = [];
  return {
    saved,
    load: async () => saved.at(-1),
    async save(bytes) {
      saved.push(bytes);
    },
  };
}
