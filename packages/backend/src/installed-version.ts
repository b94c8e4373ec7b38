import { importBuiltin } from './import-builtin.ts';

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
  return (await installedPackage(name, directory))?.version;
}

/** Folder and version of an npm package that this package or the working directory could import. */
export async function installedPackage(
  name: string,
  directory = process.cwd(),
): Promise<{ folder: string; version: string } | undefined> {
  const { createRequire } = await importBuiltin<typeof import('node:module')>('node:module');
  const { readFile } = await importBuiltin<typeof import('node:fs/promises')>('node:fs/promises');
  const parents = [import.meta.url, `${directory}/package.json`].flatMap((from) => createRequire(from).resolve.paths(name) ?? []);
  for (const parent of parents) {
    const folder = `${parent}/${name}`;
    const manifest = await readFile(`${folder}/package.json`, 'utf8').catch(() => undefined);
    if (manifest !== undefined) return { folder, version: (JSON.parse(manifest) as { version: string }).version };
  }
  return undefined;
}
