import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isVitrailError } from '@vitrail/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasTensorflow, tensorflowFolder } from '../test/on-tensorflow.ts';
import { setupTensorflow } from './setup-tensorflow.ts';
import { findTensorflow, packageFolderIn, readSetup } from './tensorflow-installation.ts';

let root: string;
let target: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vitrail-'));
  target = join(root, 'data', 'tensorflow');
  mkdirSync(join(root, 'bin'));
  // Only what a test puts there is on the PATH.
  vi.stubEnv('PATH', join(root, 'bin'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function program(name: string, body: string): string {
  const path = join(root, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A Python that answers with these facts. */
function python(facts: object): string {
  const folder = join(root, 'site-packages', 'tensorflow');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'libtensorflow_cc.so.2'), '');
  const answer = {
    python: '3.11.2',
    executable: '/venv/bin/python',
    folder,
    version: '2.21.0',
    isCudaBuild: false,
    hasLibrary: true,
  };
  return program('python3', `echo '${JSON.stringify({ ...answer, hasHeaders: true, ...facts })}'`);
}

/** An npm that installs a tfjs-node with one source file. */
function npm(): string {
  return program('npm', `/bin/mkdir -p ${packageFolderIn('.')}/binding\n/bin/echo > ${packageFolderIn('.')}/binding/a.cc`);
}

async function messageOf(options: { python?: string } = {}): Promise<string> {
  const failure = await setupTensorflow({ folder: target, ...options }).catch((error: unknown) => error);
  expect(isVitrailError(failure) && failure.code, String(failure)).toBe('unavailable');
  return String(failure);
}

describe('setupTensorflow says what is missing, and leaves nothing half made', () => {
  afterEach(() => {
    expect(existsSync(join(root, 'data')) ? readdirSync(join(root, 'data')) : []).toEqual([]);
  });

  it('a Python', async () => {
    expect(await messageOf()).toContain('no Python at "python3"');
    expect(await messageOf({ python: join(root, 'nowhere') })).toContain('--python PATH');
  });

  it('a Python that is one', async () => {
    expect(await messageOf({ python: program('python3', 'echo hello') })).toContain('does not answer as a Python 3 does');
  });

  it('TensorFlow in it, with the command that installs it there', async () => {
    expect(await messageOf({ python: python({ folder: null }) })).toContain('/venv/bin/python -m pip install tensorflow-cpu');
  });

  it('a TensorFlow with a library to link', async () => {
    const message = await messageOf({ python: python({ version: '2.10.0', hasLibrary: false }) });
    expect(message).toMatch(/TensorFlow 2\.10\.0 .* too old/);
  });

  it('npm, or what npm says', async () => {
    python({});
    expect(await messageOf()).toContain('there is no npm');
    program('npm', 'echo "npm error code ENOTFOUND" >&2; echo "npm error network request failed" >&2; exit 1');
    expect(await messageOf()).toMatch(/ENOTFOUND network request failed\. Is there a network/);
  });

  it('the source of tfjs-node', async () => {
    python({});
    program('npm', `/bin/mkdir -p ${packageFolderIn('.')}`);
    expect(await messageOf()).toMatch(/no C\+\+ source in .*tfjs-node\/binding/);
  });

  it('g++, or what g++ says', async () => {
    python({});
    npm();
    expect(await messageOf()).toContain('there is no g++');
    program('g++', 'echo "a.cc:1: fatal error: node_api.h: No such file" >&2; exit 1');
    expect(await messageOf()).toContain('fatal error: node_api.h');
  });

  it('an addon that works', async () => {
    python({});
    npm();
    const takesTheFusedOps = 'case "$*" in *"/fused-ops.cc "*) ;; *) echo "error: no fused ops" >&2; exit 1;; esac';
    program('g++', `${takesTheFusedOps}; while [ "$1" != "-o" ]; do shift; done; echo broken > "$2"`);
    expect(await messageOf()).toMatch(/built for TensorFlow 2\.21\.0, but does not work/);
  });
});

describe('findTensorflow', () => {
  it('finds nothing in a folder that is not there, and says that nothing is installed', async () => {
    expect(await findTensorflow(target)).toEqual({ missing: expect.stringContaining('not set up') });
  });

  it('tells of a set-up whose Python environment is gone', async () => {
    mkdirSync(join(packageFolderIn(target), 'lib', 'napi-v8'), { recursive: true });
    writeFileSync(join(packageFolderIn(target), 'lib', 'napi-v8', 'tfjs_binding.node'), '');
    writeFileSync(join(target, 'setup.json'), JSON.stringify({ tensorflow: '2.21.0', tensorflowFolder: join(root, 'gone') }));
    expect(await findTensorflow(target)).toEqual({ missing: expect.stringMatching(/set up for .*gone, which is gone/) });
  });

  it('does not load what was compiled for another processor', async () => {
    mkdirSync(join(packageFolderIn(target), 'lib', 'napi-v8'), { recursive: true });
    writeFileSync(join(packageFolderIn(target), 'lib', 'napi-v8', 'tfjs_binding.node'), '');
    writeFileSync(join(root, 'libtensorflow_cc.so.2'), '');
    const setup = { tensorflow: '2.21.0', tensorflowFolder: root, processor: 'Z80' };
    writeFileSync(join(target, 'setup.json'), JSON.stringify(setup));
    expect(await findTensorflow(target)).toEqual({ missing: expect.stringContaining('another processor (Z80)') });
  });
});

it.runIf(hasTensorflow)('setupTensorflow does nothing where the same TensorFlow was set up', async () => {
  const setup = await readSetup(tensorflowFolder);
  if (setup === undefined) return;
  const { tensorflowFolder: folder, tensorflow: version, isCudaBuild } = setup;
  const report = await setupTensorflow({ folder: tensorflowFolder, python: python({ folder, version, isCudaBuild }) });
  expect(report).toMatchObject({ wasThere: true, tensorflow: version });
});

it.runIf(hasTensorflow)('setupTensorflow leaves all that tfjs-node requires in its folder', async () => {
  if ((await readSetup(tensorflowFolder)) === undefined) return;
  const require = createRequire(`${packageFolderIn(tensorflowFolder)}/package.json`);
  for (const name of ['@tensorflow/tfjs', '@tensorflow/tfjs-core']) {
    expect(require.resolve(name).startsWith(realpathSync(tensorflowFolder)), name).toBe(true);
  }
});
