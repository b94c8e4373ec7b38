import { importBuiltin } from './import-builtin.ts';
import { installedPackage } from './installed-version.ts';

/** How the `tensorflow` backend is looked for and started. */
export type TensorflowOptions = {
  /** A folder that `setupTensorflow` of `@vitrail/backend/node` filled. Without it only installed npm packages are looked for. */
  readonly folder?: string;
  /** `gpu` refuses to start on anything but a GPU. By default a GPU is used where TensorFlow sees one, else the processor. */
  readonly device?: 'gpu';
};

/** What `setupTensorflow` leaves in its folder, as `setup.json`. */
export type TensorflowSetup = {
  /** Version of the recipe: another one is built anew. */
  readonly recipe: number;
  readonly tfjsNode: string;
  readonly tensorflow: string;
  /** The folder of the Python package, which holds the libraries that the addon was linked against. */
  readonly tensorflowFolder: string;
  readonly isCudaBuild: boolean;
  /** The processor that it was compiled for. */
  readonly processor: string;
};

/** A copy of tfjs-node whose addon is there. */
export type TensorflowInstallation = {
  /** The folder of the npm package `@tensorflow/tfjs-node` or `-gpu`. */
  readonly packageFolder: string;
  readonly packageVersion: string;
  /** The compiled addon. */
  readonly addon: string;
  /** Version of TensorFlow; unknown for an installed npm package until it runs. */
  readonly tensorflow?: string;
  readonly isCudaBuild: boolean;
};

/** What was found, or the sentence that says why nothing that works was. */
export type TensorflowSearch = { readonly found: TensorflowInstallation } | { readonly missing: string };

const packageNames = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** The name of the file in which {@link TensorflowSetup} is kept. */
export const SETUP_FILE = 'setup.json';

/** Looks for a set-up folder first, then for installed npm packages. Runs nothing. In Node only. */
export async function findTensorflow(folder: string | undefined): Promise<TensorflowSearch> {
  const setup = folder === undefined ? undefined : await findSetup(folder);
  if (setup && 'found' in setup) return setup;
  const problems = setup === undefined ? [] : [setup.missing];
  for (const name of packageNames) {
    const installed = await installedPackage(name);
    if (installed === undefined) continue;
    const addon = await addonOf(installed.folder);
    if (addon === undefined) {
      problems.push(`${name} ${installed.version} is installed without its addon, which its install script downloads`);
      continue;
    }
    const isCudaBuild = name === '@tensorflow/tfjs-node-gpu';
    return { found: { packageFolder: installed.folder, packageVersion: installed.version, addon, isCudaBuild } };
  }
  return { missing: problems.join('; ') || 'TensorFlow is not set up, and @tensorflow/tfjs-node is not installed' };
}

async function findSetup(folder: string): Promise<TensorflowSearch | undefined> {
  const setup = await readSetup(folder);
  if (setup === undefined) return undefined;
  const packageFolder = packageFolderIn(folder);
  const addon = await addonOf(packageFolder);
  if (addon === undefined) return { missing: `the addon in ${folder} is gone` };
  if (!(await exists(`${setup.tensorflowFolder}/libtensorflow_cc.so.2`))) {
    return { missing: `TensorFlow was set up for ${setup.tensorflowFolder}, which is gone` };
  }
  if (setup.processor !== (await processorName())) {
    return { missing: `TensorFlow was set up for another processor (${setup.processor})` };
  }
  const { tensorflow, isCudaBuild, tfjsNode: packageVersion } = setup;
  return { found: { packageFolder, packageVersion, addon, tensorflow, isCudaBuild } };
}

/** What a set-up folder says about itself; `undefined` if there is none, or none that can be read. */
export async function readSetup(folder: string): Promise<TensorflowSetup | undefined> {
  const { readFile } = await importBuiltin<typeof import('node:fs/promises')>('node:fs/promises');
  const text = await readFile(`${folder}/${SETUP_FILE}`, 'utf8').catch(() => '{}');
  const setup = JSON.parse(text) as Partial<TensorflowSetup>;
  return typeof setup.tensorflowFolder === 'string' ? (setup as TensorflowSetup) : undefined;
}

/** The processor of this machine, as the operating system names it. */
export async function processorName(): Promise<string> {
  const { cpus } = await importBuiltin<typeof import('node:os')>('node:os');
  return cpus()[0]?.model.trim() ?? 'unknown';
}

/** Where npm puts tfjs-node in a set-up folder. */
export function packageFolderIn(folder: string): string {
  return `${folder}/node_modules/@tensorflow/tfjs-node`;
}

/** The addon for the newest Node-API in a tfjs-node package. */
async function addonOf(packageFolder: string): Promise<string | undefined> {
  for (let version = 9; version >= 3; version--) {
    const path = `${packageFolder}/lib/napi-v${version}/tfjs_binding.node`;
    if (await exists(path)) return path;
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  const { access } = await importBuiltin<typeof import('node:fs/promises')>('node:fs/promises');
  return access(path).then(
    () => true,
    () => false,
  );
}
