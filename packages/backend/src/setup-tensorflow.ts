import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { VitrailError } from '@vitrail/core';
import { compileAddon, installTfjsNode, versions } from './build-tensorflow-addon.ts';
import { probeTensorflow } from './probe-tensorflow.ts';
import {
  findTensorflow,
  packageFolderIn,
  processorName,
  readSetup,
  SETUP_FILE,
  type TensorflowSetup,
} from './tensorflow-installation.ts';
import { tensorflowOfPython } from './tensorflow-of-python.ts';
import { gpuState } from './why-no-gpu.ts';

/** What {@link setupTensorflow} needs to know. */
export type TensorflowSetupOptions = {
  /** The folder to fill, which the backend is then told (`tensorflow.folder`). */
  folder: string;
  /** Path or name of a Python with TensorFlow; `python3` by default. */
  python?: string;
  /** Is told each step before it is done. */
  onProgress?: (step: string) => void;
};

/** What {@link setupTensorflow} did. */
export type TensorflowSetupReport = {
  folder: string;
  tensorflow: string;
  tfjsNode: string;
  isCudaBuild: boolean;
  /** `yes`, or why not. */
  gpu: string;
  /** Whether it was there before, and nothing was done. */
  wasThere: boolean;
  seconds: number;
};

/** Raised with every change to how the addon is built. */
const RECIPE = 4;

/**
 * Builds the addon of tfjs-node against the TensorFlow of a Python environment, so that the backend `tensorflow` runs on a current
 * TensorFlow (and CUDA) instead of the 2.9 that tfjs-node downloads. On Linux, with g++, npm and a network; takes about half a minute.
 *
 * All is built and tried in a folder beside, and renamed at the end: a step that fails leaves what was there before. Where the folder holds
 * a build for the same TensorFlow, nothing is done.
 *
 * @throws `unavailable` when something is missing (Python, TensorFlow, g++, npm, network) or the addon does not work, with what to do
 * @example await setupTensorflow({ folder: '/home/me/.local/share/vitrail/tensorflow' }) // { tensorflow: '2.21.0', wasThere: false, ... }
 */
export async function setupTensorflow(options: TensorflowSetupOptions): Promise<TensorflowSetupReport> {
  const { python = 'python3', onProgress = () => {} } = options;
  const folder = resolve(options.folder);
  const start = performance.now();
  if (process.platform !== 'linux') {
    throw new VitrailError(
      'unavailable',
      `TensorFlow is set up on Linux only, but this is ${process.platform}. Here: npm install @tensorflow/tfjs-node`,
    );
  }
  onProgress(`asking ${python} for its TensorFlow`);
  const tensorflow = await tensorflowOfPython(python);
  const setup: TensorflowSetup = {
    recipe: RECIPE,
    tfjsNode: versions.tfjsNode,
    tensorflow: tensorflow.version,
    tensorflowFolder: tensorflow.folder,
    isCudaBuild: tensorflow.isCudaBuild,
    processor: await processorName(),
  };
  const wasThere = await isBuilt(folder, setup);
  if (!wasThere) await build(folder, setup, (addonFolder) => compileAddon(addonFolder, tensorflow), onProgress);

  const search = await findTensorflow(folder);
  if ('missing' in search) throw new VitrailError('unavailable', `the set-up is not whole: ${search.missing}`);
  const gpu = await gpuState(search.found);
  const { isCudaBuild, tfjsNode } = setup;
  const seconds = (performance.now() - start) / 1000;
  return { folder, tensorflow: tensorflow.version, tfjsNode, isCudaBuild, gpu, wasThere, seconds };
}

async function build(
  folder: string,
  setup: TensorflowSetup,
  compile: (folder: string) => Promise<string>,
  onProgress: (step: string) => void,
): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const workshop = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    onProgress(`installing tfjs-node ${setup.tfjsNode}`);
    await installTfjsNode(workshop);
    onProgress(`compiling its addon for TensorFlow ${setup.tensorflow}${setup.isCudaBuild ? ' with CUDA' : ''}`);
    const addon = await compile(workshop);
    onProgress('multiplying two matrices with it');
    const probe = await probeTensorflow(addon);
    if (!probe.works) {
      throw new VitrailError(
        'unavailable',
        `the addon was built for TensorFlow ${setup.tensorflow}, but does not work: ${probe.log}`,
      );
    }
    await writeFile(join(workshop, SETUP_FILE), `${JSON.stringify(setup, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(workshop, folder);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function isBuilt(folder: string, setup: TensorflowSetup): Promise<boolean> {
  const search = await findTensorflow(folder);
  const isItsOwn = 'found' in search && search.found.packageFolder === packageFolderIn(folder);
  return isItsOwn && JSON.stringify(await readSetup(folder)) === JSON.stringify(setup);
}
