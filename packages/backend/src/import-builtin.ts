/** Imports a module of Node in a way that bundlers for the browser do not follow. */
export async function importBuiltin<Module>(specifier: string): Promise<Module> {
  return await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
}
