/** Whether this is Node, and not a browser or a worker in one. */
export function isNode(): boolean {
  return typeof process === 'object' && typeof process.versions?.node === 'string';
}

/** Imports a module of Node in a way that bundlers for the browser do not follow. */
export async function importBuiltin<Module>(specifier: string): Promise<Module> {
  return await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
}

/** Cores that this program may use. */
export async function availableCores(): Promise<number> {
  if (!isNode()) return navigator.hardwareConcurrency ?? 1;
  return (await importBuiltin<typeof import('node:os')>('node:os')).availableParallelism();
}
