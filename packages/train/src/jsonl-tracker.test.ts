import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAppendFile } from './append-file.ts';
import { jsonlTracker } from './jsonl-tracker.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vitrail-train-'));
  path = join(directory, 'metrics.jsonl');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const content = () => readFile(path, 'utf8');
const row = (step: number, split = 'train') => `{"step":${step},"split":"${split}","loss":${step / 2}}\n`;

test('a row is a line, in the file as soon as log returns', async () => {
  const tracker = jsonlTracker(path, { resumeStep: 0 });
  tracker.log({ step: 1, split: 'train', loss: 0.5 });
  expect(await content()).toBe(row(1));
  tracker.log({ step: 2, split: 'eval', loss: 1 });
  await tracker.flush();
  expect(await content()).toBe(row(1) + row(2, 'eval'));
  await tracker.close();
});

test('numbers that JSON cannot hold are written as texts', async () => {
  const tracker = jsonlTracker(path, { resumeStep: 0 });
  tracker.log({ step: 1, split: 'train', a: Number.NaN, b: Number.POSITIVE_INFINITY, c: Number.NEGATIVE_INFINITY, d: 'text' });
  await tracker.close();
  expect(await content()).toBe('{"step":1,"split":"train","a":"NaN","b":"Infinity","c":"-Infinity","d":"text"}\n');
});

test('a closed tracker refuses rows, and may be closed again', async () => {
  const tracker = jsonlTracker(path, { resumeStep: 0 });
  await tracker.close();
  await tracker.close();
  await tracker.flush();
  expect(() => tracker.log({ step: 1, split: 'train' })).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});

// Every comparison with NaN is false: all rows would be dropped.
test.each([Number.NaN, -1, 0.5])('resumeStep %s is refused, and the file stays', async (resumeStep) => {
  await writeFile(path, row(1));
  expect(() => jsonlTracker(path, { resumeStep })).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  expect(await content()).toBe(row(1));
});

describe('a run that goes on', () => {
  const resume = async (before: string, resumeStep: number) => {
    await writeFile(path, before);
    const tracker = jsonlTracker(path, { resumeStep });
    tracker.log({ step: resumeStep + 1, split: 'train', loss: (resumeStep + 1) / 2 });
    await tracker.close();
    expect(await readdir(directory)).toEqual(['metrics.jsonl']);
    return content();
  };

  // Curves would go back and forth over the steps done twice.
  test('drops the rows of later steps, of any split', async () => {
    expect(await resume(row(1) + row(2) + row(2, 'eval') + row(3) + row(4, 'eval'), 2)).toBe(
      row(1) + row(2) + row(2, 'eval') + row(3),
    );
  });

  test('from its start drops all rows', async () => {
    expect(await resume(row(1) + row(2), 0)).toBe(row(1));
  });

  test('drops a last line that was cut, and keeps one that lacks only its line break', async () => {
    expect(await resume(`${row(1) + row(2)}{"step":2,"split":"ev`, 2)).toBe(row(1) + row(2) + row(3));
    expect(await resume(`${row(1) + row(2)}\0\0\0`, 2)).toBe(row(1) + row(2) + row(3));
    expect(await resume((row(1) + row(2)).trimEnd(), 2)).toBe(row(1) + row(2) + row(3));
  });

  test('keeps all where nothing is to be dropped', async () => {
    expect(await resume(row(1) + row(2), 2)).toBe(row(1) + row(2) + row(3));
    expect(await resume('', 5)).toBe(row(6));
  });

  test.each([
    ['a line that is no JSON', `${row(1)}{"step":\n${row(2)}`],
    ['a line without a step', `${row(1)}{"loss":1}\n`],
    ['a line that is no object', `${row(1)}3\n`],
  ])('%s is an error that names it, and the file stays', async (_, before) => {
    await writeFile(path, before);
    expect(() => jsonlTracker(path, { resumeStep: 0 })).toThrow(
      expect.objectContaining({ code: 'corrupt-data', message: expect.stringContaining('metrics.jsonl, line 2') }),
    );
    expect(await content()).toBe(before);
  });
});

const node = ['--conditions=@vitrail/source', '--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
const program = fileURLToPath(new URL('../test/log-and-die.ts', import.meta.url));

test('a process that is killed has lost no row', async () => {
  const { signal } = spawnSync(process.execPath, [...node, program, path, '500', '100']);
  expect(signal).toBe('SIGKILL');
  const steps = (await content())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).step);
  expect(steps).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
});

describe('what cannot be written', () => {
  test.each([
    ['a path in no directory', 'missing/metrics.jsonl', 'ENOENT'],
    ['a path under a file', 'file/metrics.jsonl', 'ENOTDIR'],
    ['a path that is a directory', 'folder', 'EISDIR'],
  ])('%s is an io error with the reason', async (_, name, reason) => {
    await writeFile(join(directory, 'file'), '');
    await mkdir(join(directory, 'folder'));
    expect(() => jsonlTracker(join(directory, name), { resumeStep: 0 })).toThrow(
      expect.objectContaining({ code: 'io', message: expect.stringMatching(new RegExp(`${name}.*${reason}`)) }),
    );
  });

  // A half row in the middle of the file would make all of it unreadable.
  test('a row for which the disk has no room is an io error and leaves whole rows', async () => {
    // No file longer than 64 blocks of 512 bytes can be written; without the trap the process would be killed by SIGXFSZ.
    const limited = 'trap "" XFSZ; ulimit -f 64; exec "$@"';
    const { stderr } = spawnSync('sh', ['-c', limited, 'sh', process.execPath, ...node, program, path, '100', '1000'], {
      encoding: 'utf8',
    });
    expect(stderr).toContain("code: 'io'");
    expect(stderr).toMatch(/metrics\.jsonl could not be written: EFBIG/);
    const lines = (await content()).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.map((line) => JSON.parse(line).step)).toEqual(lines.map((_, i) => i + 1));
  });

  if (existsSync('/dev/full')) {
    test('a full disk is an io error', async () => {
      const file = openAppendFile('/dev/full');
      expect(() => file.append('row\n')).toThrow(
        expect.objectContaining({ code: 'io', message: expect.stringContaining('ENOSPC') }),
      );
      await file.close().catch(() => {});
    });
  }
});
