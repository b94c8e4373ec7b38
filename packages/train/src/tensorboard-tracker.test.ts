import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeEvent } from './event-record.ts';
import { tensorBoardTracker } from './tensorboard-tracker.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vitrail-train-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** The records of a file, each with its time set to 0 and its checksums made anew. */
function recordsOf(file: Buffer): { wallTime: number; rest: string }[] {
  const records = [];
  for (let offset = 0; offset < file.length; ) {
    const length = Number(file.readBigUInt64LE(offset));
    const data = file.subarray(offset + 12, offset + 12 + length);
    records.push({ wallTime: data.readDoubleLE(1), rest: data.subarray(9).toString('hex') });
    offset += 16 + length;
  }
  return records;
}
const restOf = (event: Parameters<typeof encodeEvent>[0]) => recordsOf(Buffer.from(encodeEvent(event)))[0].rest;
const onlyFile = async () => {
  const names = await readdir(directory);
  expect(names).toHaveLength(1);
  expect(names[0]).toMatch(/^events\.out\.tfevents\.\d{10}\.\d+\.0$/);
  return readFile(join(directory, names[0]));
};

test('writes the version, the start of the session and a summary per row; numbers under their split, texts left out', async () => {
  const before = Date.now() / 1000;
  const tracker = tensorBoardTracker(directory);
  tracker.log({ step: 20, split: 'train', loss: 3.5, 'loss/patch': Number.NaN });
  tracker.log({ step: 20, split: 'eval', 'retrieval.imageToText.R@1': 0.25, readout: 'values' });
  // Read before the file is closed: a process that is killed leaves the rows.
  const records = recordsOf(await onlyFile());
  await tracker.close();
  expect(records.map(({ rest }) => rest)).toEqual([
    restOf({ wallTime: 0, step: 0, fileVersion: 'brain.Event:2' }),
    restOf({ wallTime: 0, step: 20, sessionStart: true }),
    restOf({ wallTime: 0, step: 20, scalars: { 'train/loss': 3.5, 'train/loss/patch': Number.NaN } }),
    restOf({ wallTime: 0, step: 20, scalars: { 'eval/retrieval.imageToText.R@1': 0.25 } }),
  ]);
  for (const { wallTime } of records) expect(wallTime).toBeGreaterThanOrEqual(before);
});

test('every tracker has a file of its own, also within a second', async () => {
  const trackers = [tensorBoardTracker(directory), tensorBoardTracker(directory), tensorBoardTracker(directory)];
  for (const tracker of trackers) await tracker.close();
  expect(await readdir(directory)).toHaveLength(3);
});

test('a directory that is not there or is a file is an io error', async () => {
  await writeFile(join(directory, 'file'), '');
  for (const name of ['missing', 'file']) {
    expect(() => tensorBoardTracker(join(directory, name))).toThrow(
      expect.objectContaining({ code: 'io', message: expect.stringMatching(/ENOENT|ENOTDIR/) }),
    );
  }
});

// Root may write anywhere.
if (process.getuid?.() !== 0) {
  test('a directory that may not be written is an io error', async () => {
    await mkdir(join(directory, 'locked'));
    await chmod(join(directory, 'locked'), 0o500);
    expect(() => tensorBoardTracker(join(directory, 'locked'))).toThrow(expect.objectContaining({ code: 'io' }));
  });
}
