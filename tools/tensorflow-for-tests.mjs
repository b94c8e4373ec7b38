// `npm test -- --with-tensorflow`: the TensorFlow that the tests of the tensorflow backend run on, in a folder of its own per user.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from './pnpm.mjs';

const folder = join(homedir(), '.cache', 'vitrail-tests');
const environment = join(folder, 'python');
const python = join(environment, 'bin', 'python');
/** The version that the backend is known to build against and to pass its tests with. */
const tensorflow = 'tensorflow-cpu==2.21.*';

/** Begins to install TensorFlow into a virtual environment, beside whatever this process does next. Resolves to whether it is there. */
export function installTensorflow() {
  mkdirSync(folder, { recursive: true });
  const steps = [
    ...(existsSync(python) ? [] : [['python3', '-m', 'venv', environment]]),
    [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', tensorflow],
  ];
  return steps.reduce(async (before, step) => (await before) && (await run(step)), Promise.resolve(true));
}

/** Builds the backend for it by the program that users have. Returns the folder that the tests are told, `undefined` if that failed. */
export function buildTensorflowBackend() {
  const program = [join(root, 'apps', 'cli', 'dist', 'main.js'), 'doctor', '--setup-tensorflow', '--python', python];
  const env = { ...process.env, XDG_DATA_HOME: folder };
  const { status } = spawnSync(process.execPath, program, { stdio: 'inherit', env });
  return status === 0 ? join(folder, 'vitrail', 'tensorflow') : undefined;
}

function run([program, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`);
      resolve(false);
    });
    child.on('close', (status) => resolve(status === 0));
  });
}
