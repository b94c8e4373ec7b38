import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VitrailError } from '@vitrail/core';
import { fusedOpsSource } from '@vitrail/kernels-tensorflow';
import { runProgram } from './run-program.ts';
import { packageFolderIn } from './tensorflow-installation.ts';
import { lastLine, type TensorflowOfPython } from './tensorflow-of-python.ts';

/** The tfjs-node whose addon is built, and the headers of Node-API that it is compiled with. */
export const versions = { tfjsNode: '4.22.0', nodeApiHeaders: '1.9.0' };

/** The Node-API that the addon asks for: Node 20 has 9. */
const NODE_API = 8;

/**
 * Installs tfjs-node into `folder` without running its install script, which would download TensorFlow 2.9.
 *
 * tfjs-node depends on all of `@tensorflow/tfjs`, of which its backend uses what is in tfjs-core: that is put in its place (50 MB for 300).
 * One of its kernels requires tfjs-core under its own name, which is made another name of the same folder.
 *
 * @throws `unavailable` when there is no npm, or it fails
 */
export async function installTfjsNode(folder: string): Promise<void> {
  const manifest = {
    private: true,
    dependencies: { '@tensorflow/tfjs-node': versions.tfjsNode, 'node-api-headers': versions.nodeApiHeaders },
    overrides: { '@tensorflow/tfjs': `npm:@tensorflow/tfjs-core@${versions.tfjsNode}` },
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  const { status, stderr } = await runProgram('npm', args, { directory: folder });
  if (status === 'missing') {
    throw new VitrailError('unavailable', 'there is no npm, which installs tfjs-node. It comes with Node; put it on the PATH');
  }
  if (status !== 0) {
    throw new VitrailError(
      'unavailable',
      `npm could not install @tensorflow/tfjs-node ${versions.tfjsNode}: ${npmReason(stderr)}. Is there a network?`,
    );
  }
  await symlink('tfjs', join(dirname(packageFolderIn(folder)), 'tfjs-core'));
}

/**
 * Compiles the addon of the tfjs-node in `folder`, with the fused ops of `@vitrail/kernels-tensorflow`, against the TensorFlow of a Python
 * environment, and puts it where tfjs-node looks for it. It is for this processor.
 *
 * The addon finds TensorFlow's libraries where they are now (rpath), and those find the CUDA libraries that pip puts beside them.
 *
 * @returns the addon
 * @throws `unavailable` when there is no g++, or it fails, or the source is not there
 */
export async function compileAddon(folder: string, tensorflow: TensorflowOfPython): Promise<string> {
  const sources = [join(packageFolderIn(folder), 'binding'), dirname(fileURLToPath(fusedOpsSource))];
  const addon = join(packageFolderIn(folder), 'lib', `napi-v${NODE_API}`, 'tfjs_binding.node');
  await mkdir(dirname(addon), { recursive: true });
  const units = (await Promise.all(sources.map(unitsIn))).flat();
  const includes = [
    packageFolderIn(folder),
    join(folder, 'node_modules', 'node-api-headers', 'include'),
    join(tensorflow.folder, 'include'),
  ];
  const { status, stderr } = await runProgram('g++', [
    ...['-std=c++17', ...optimization, '-shared', '-fPIC', `-DNAPI_VERSION=${NODE_API}`],
    ...includes.map((path) => `-I${path}`),
    ...units,
    ...['-o', addon, `-L${tensorflow.folder}`, `-Wl,-rpath,${tensorflow.folder}`],
    ...['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
  ]);
  if (status === 'missing') {
    throw new VitrailError('unavailable', 'there is no g++, which compiles the addon. On Debian and Ubuntu: apt install g++');
  }
  if (status !== 0) {
    const reason = stderr.split('\n').find((line) => /error|undefined|cannot/.test(line)) ?? lastLine(stderr);
    throw new VitrailError(
      'unavailable',
      `g++ could not compile the addon for TensorFlow ${tensorflow.version}: ${reason.trim()}`,
    );
  }
  return addon;
}

/** The C++ files of a folder, each of which is compiled by itself. */
async function unitsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const units = names.filter((name) => name.endsWith('.cc'));
  if (units.length === 0) {
    throw new VitrailError(
      'unavailable',
      `there is no C++ source in ${folder}, which is compiled into the addon. Install the package again that this folder belongs to`,
    );
  }
  return units.sort().map((name) => join(folder, name));
}

/** Sums may be taken in any order. Not -ffast-math, which changes how the whole process treats the smallest numbers. */
const optimization = ['-O3', '-march=native', '-fno-math-errno', '-fno-trapping-math', '-fno-signed-zeros', '-fassociative-math'];

/** npm says first what went wrong, then where its log is. */
function npmReason(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.replace(/^npm (error|ERR!)\s*/i, '').trim());
  return (
    lines
      .filter((line) => line !== '' && !line.startsWith('A complete log'))
      .slice(0, 3)
      .join(' ') || 'it does not say why'
  );
}
