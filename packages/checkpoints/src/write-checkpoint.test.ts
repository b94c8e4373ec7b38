import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRng } from '@vitrail/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { latestCheckpoint, pruneCheckpoints, replaceFile, writeCheckpoint } from './node.ts';

let directory: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'vitrail-checkpoints-')), 'checkpoints');
});

afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const write = (step: number, text = `step ${step}`) =>
  writeCheckpoint(directory, step, { 'model.bin': text, 'state.json': '{}' });
const read = async () => {
  const latest = await latestCheckpoint(directory);
  return latest && { step: latest.step, model: await readFile(join(latest.path, 'model.bin'), 'utf8') };
};

describe('writing', () => {
  test('a checkpoint holds its files, and latest names it', async () => {
    const path = await writeCheckpoint(directory, 120, { 'model.bin': Uint8Array.of(1, 2), 'state.json': '{"step":120}' });
    expect(path).toBe(join(directory, 'step-000120'));
    expect((await readdir(path)).sort()).toEqual(['manifest.json', 'model.bin', 'state.json']);
    expect(Array.from(await readFile(join(path, 'model.bin')))).toEqual([1, 2]);
    expect(await readFile(join(directory, 'latest'), 'utf8')).toBe('step-000120\n');
    expect(await latestCheckpoint(directory)).toEqual({ path, step: 120 });
    expect((await readdir(directory)).sort()).toEqual(['latest', 'step-000120']);
  });

  test('a step written again replaces what was there', async () => {
    await write(5, 'first');
    await write(5, 'second');
    expect(await read()).toEqual({ step: 5, model: 'second' });
    expect((await readdir(directory)).sort()).toEqual(['latest', 'step-000005']);
  });

  test.each([-1, 0.5, Number.NaN, 1e15])('step %s is refused', async (step) => {
    await expect(write(step)).rejects.toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  test.each(['', '../x', 'a/b', 'manifest.json', '.hidden', '..'])('file name "%s" is refused', async (name) => {
    await expect(writeCheckpoint(directory, 1, { [name]: 'x' })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
    expect(await latestCheckpoint(directory)).toBeUndefined();
  });
});

describe('the latest checkpoint', () => {
  test('there is none in a directory that is empty or missing', async () => {
    expect(await latestCheckpoint(directory)).toBeUndefined();
    await mkdir(directory);
    expect(await latestCheckpoint(directory)).toBeUndefined();
  });

  // A run would go on from half a model.
  test('a folder with a file cut, a file missing, or no manifest is passed over', async () => {
    for (const step of [1, 2, 3, 4]) await write(step);
    await truncate(join(directory, 'step-000004', 'model.bin'), 3);
    expect(await read()).toEqual({ step: 3, model: 'step 3' });
    await rm(join(directory, 'step-000003', 'state.json'));
    expect(await read()).toEqual({ step: 2, model: 'step 2' });
    await rm(join(directory, 'step-000002', 'manifest.json'));
    expect(await read()).toEqual({ step: 1, model: 'step 1' });
    await writeFile(join(directory, 'step-000001', 'manifest.json'), 'null');
    expect(await read()).toBeUndefined();
  });

  test.each(['', 'step-9', '../elsewhere', 'step-000009'])(
    'a latest file of "%s" leaves the newest complete one',
    async (content) => {
      await write(1);
      await write(2);
      await writeFile(join(directory, 'latest'), content);
      expect(await read()).toEqual({ step: 2, model: 'step 2' });
    },
  );

  test('order is by number, also past the sixth digit', async () => {
    await write(1_000_000);
    await write(999_999);
    await rm(join(directory, 'latest'));
    expect((await latestCheckpoint(directory))?.step).toBe(1_000_000);
  });

  test('a directory that cannot be read is an error, not an empty one', async () => {
    await mkdir(directory);
    await mkdir(join(directory, 'latest'));
    await expect(latestCheckpoint(directory)).rejects.toThrow(expect.objectContaining({ code: 'io' }));
  });
});

describe('what a killed process left', () => {
  test('half-written folders are passed over, and removed by the next write', async () => {
    await write(1);
    await cp(join(directory, 'step-000001'), join(directory, '.writing-step-000002'), { recursive: true });
    await cp(join(directory, 'step-000001'), join(directory, '.removing-step-000000'), { recursive: true });
    expect(await read()).toEqual({ step: 1, model: 'step 1' });
    await write(2);
    expect((await readdir(directory)).sort()).toEqual(['latest', 'step-000001', 'step-000002']);
  });

  // The only checkpoint of a run would be lost between the two renames that replace it.
  test('a checkpoint set aside and not replaced is found, and put back by the next write', async () => {
    await write(1, 'set aside');
    await rename(join(directory, 'step-000001'), join(directory, '.replaced-step-000001'));
    expect(await read()).toEqual({ step: 1, model: 'set aside' });
    await write(2);
    expect((await readdir(directory)).sort()).toEqual(['latest', 'step-000001', 'step-000002']);
    expect(await readFile(join(directory, 'step-000001', 'model.bin'), 'utf8')).toBe('set aside');
  });

  test('a checkpoint that was replaced gives way to the new one', async () => {
    await write(1, 'new');
    await cp(join(directory, 'step-000001'), join(directory, '.replaced-step-000001'), { recursive: true });
    await writeFile(join(directory, '.replaced-step-000001', 'model.bin'), 'old');
    expect(await read()).toEqual({ step: 1, model: 'new' });
    await write(2);
    expect((await readdir(directory)).sort()).toEqual(['latest', 'step-000001', 'step-000002']);
  });
});

describe('pruning', () => {
  test('the newest stay', async () => {
    for (const step of [10, 20, 30, 40]) await write(step);
    await pruneCheckpoints(directory, 2);
    expect((await readdir(directory)).sort()).toEqual(['latest', 'step-000030', 'step-000040']);
  });

  test('what latest names stays, and so does what is no checkpoint', async () => {
    for (const step of [30, 40, 10]) await write(step);
    await mkdir(join(directory, 'step-000005'));
    await pruneCheckpoints(directory, 1);
    expect((await readdir(directory)).sort()).toEqual(['latest', 'step-000005', 'step-000010', 'step-000040']);
  });

  test.each([0, 1.5, Number.NaN])('keeping %s is refused', async (keep) => {
    await expect(pruneCheckpoints(directory, keep)).rejects.toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

const node = ['--conditions=@vitrail/source', '--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
const program = fileURLToPath(new URL('../test/write-in-a-loop.ts', import.meta.url));

async function expectSound(latest: { path: string; step: number }): Promise<void> {
  const { step, sha256 } = JSON.parse(await readFile(join(latest.path, 'state.json'), 'utf8'));
  const model = await readFile(join(latest.path, 'model.safetensors'));
  expect({ step, sha256 }).toEqual({ step: latest.step, sha256: createHash('sha256').update(model).digest('hex') });
}

// A killed or crashed run could not go on, or would go on from damaged weights.
test('a process killed ten times at random moments always leaves a whole checkpoint, none older than it had told of', async () => {
  const rng = createRng('kill');
  for (let round = 0; round < 10; round++) {
    const told = await runAndKill(rng.fork(round).uniform(0, 60));
    const latest = await latestCheckpoint(directory);
    expect(latest?.step).toBeGreaterThanOrEqual(told);
    await expectSound(latest!);
  }
  await writeCheckpoint(directory, 1e9, { 'state.json': '{}' });
  expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
});

/** The last step that the process told of before it was killed, `delay` milliseconds after its first. */
async function runAndKill(delay: number): Promise<number> {
  const child = spawn(process.execPath, [...node, program, directory, '300000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (text) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), delay);
      output += text;
    });
    child.on('close', () => resolve());
  });
  return Math.max(...output.split('\n').slice(0, -1).map(Number));
}

describe('when the disk takes no more', () => {
  /** Runs the program until it fails, under a limit that lets small checkpoints through, and gives what it wrote to stderr. */
  function runUntilFailure(prefix: string, size: number): string {
    try {
      execFileSync('sh', ['-c', `${prefix} exec "$@"`, 'sh', process.execPath, ...node, program, directory, String(size)], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    } catch (error) {
      return String((error as { stderr: Buffer }).stderr);
    }
    return '';
  }

  // Everything up to the failure would be lost with it.
  test('a write that fails half way is an io error, leaves nothing behind and the last good checkpoint intact', async () => {
    await writeCheckpoint(directory, 7, { 'model.bin': 'good' });
    // No file longer than 64 blocks of 512 bytes can be written; without the trap the process would be killed by SIGXFSZ.
    const stderr = runUntilFailure('trap "" XFSZ; ulimit -f 64;', 300_000);
    expect(stderr).toContain("code: 'io'");
    expect(stderr).toContain('the checkpoint of step 8 could not be written');
    expect(await read()).toEqual({ step: 7, model: 'good' });
    expect((await readdir(directory)).sort()).toEqual(['latest', 'step-000007']);
  });

  // Mounting needs root: elsewhere the limit above stands for the full disk.
  if (canMount()) {
    test('a full file system: the last good checkpoint is intact, and writing goes on once there is room', async () => {
      await mkdir(directory);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]);
      try {
        const stderr = runUntilFailure('', 300_000);
        expect(stderr).toContain('ENOSPC');
        expect(stderr).toContain("code: 'io'");
        const latest = await latestCheckpoint(directory);
        await expectSound(latest!);
        expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
        await pruneCheckpoints(directory, 1);
        await write(latest!.step + 1, 'x'.repeat(200_000));
        expect((await latestCheckpoint(directory))?.step).toBe(latest!.step + 1);
      } finally {
        execFileSync('umount', [directory]);
      }
    });
  }
});

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    // Tries it in a mount namespace of its own, which ends with the command.
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('replaceFile', () => {
  test('replaces, and leaves the file as it was when it cannot', async () => {
    await mkdir(directory);
    const path = join(directory, 'x.json');
    await replaceFile(path, 'old');
    await replaceFile(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    await mkdir(join(directory, '.y.json.writing'));
    await writeFile(join(directory, 'y.json'), 'old');
    await expect(replaceFile(join(directory, 'y.json'), 'new')).rejects.toThrow(expect.objectContaining({ code: 'io' }));
    expect(await readFile(join(directory, 'y.json'), 'utf8')).toBe('old');
  });
});
