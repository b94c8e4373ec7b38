/** Whether this is Node, and not a browser or a worker in one. */
export function isNode(): boolean {
  return typeof process === 'object' && typeof process.versions?.node === 'string';
}

/**
 * The version of an npm package that this package or the working directory could import, `undefined` where there is none. Only its
 * `package.json` is read: nothing of it runs. In Node only.
 *
 * @example await installedVersion('@tensorflow/tfjs-node') // '4.22.0'
 */
export async function installedVersion(name: string, directory = process.cwd()): Promise<string | undefined> {
  const { createRequire } = await importBuiltin<typeof import('node:module')>('node:module');
  const { readFile } = await importBuiltin<typeof import('node:fs/promises')>('node:fs/promises');
  const folders = [import.meta.url, `${directory}/package.json`].flatMap((from) => createRequire(from).resolve.paths(name) ?? []);
  for (const folder of folders) {
    const manifest = await readFile(`${folder}/${name}/package.json`, 'utf8').catch(() => undefined);
    if (manifest !== undefined) return (JSON.parse(manifest) as { version: string }).version;
  }
  return undefined;
}

/** Imports a module of Node in a way that bundlers for the browser do not follow. */
async function importBuiltin<Module>(specifier: string): Promise<Module> {
  return await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
}
