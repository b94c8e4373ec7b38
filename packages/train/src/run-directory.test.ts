import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRunDirectory } from './run-directory.ts';
import { writeJson } from './write-json.ts';

let above: string;
let directory: string;
beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'vitrail-train-'));
  directory = join(above, 'runs', 'a');
});
afterEach(async () => {
  await rm(above, { recursive: true, force: true });
});

const config = {
  recipe: 'tipsv2',
  train: { steps: 600, seed: 0 },
  captions: { streams: [['short'], ['long']] },
  versions: { node: '24.1.0', vitrail: '0.1.0' },
};
const create = (given = config) => openRunDirectory(directory, given, { resume: false, mayDiffer: [] });
const resume = (given: Parameters<typeof openRunDirectory>[1], mayDiffer: string[] = []) =>
  openRunDirectory(directory, given, { resume: true, mayDiffer });
const configFile = () => readFile(join(directory, 'config.json'), 'utf8');

describe('a new run', () => {
  test('makes the directory and those above it, and writes the configuration', async () => {
    await create();
    expect(JSON.parse(await configFile())).toEqual(config);
    expect(await readdir(directory)).toEqual(['config.json']);
  });

  test('may use a directory that holds other things', async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'notes.txt'), '');
    await create();
    expect((await readdir(directory)).sort()).toEqual(['config.json', 'notes.txt']);
  });

  // Weeks of training would be overwritten.
  test.each(['config.json', 'metrics.jsonl', 'checkpoints', 'summary.json'])(
    'does not touch a directory with %s',
    async (name) => {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, name), 'old');
      await expect(create()).rejects.toThrow(
        expect.objectContaining({
          code: 'invalid-argument',
          message: expect.stringMatching(/runs.a holds a run already.*--resume.*--out/),
        }),
      );
      expect(await readFile(join(directory, name), 'utf8')).toBe('old');
      expect(await readdir(directory)).toEqual([name]);
    },
  );

  test('under a file is an io error with the reason', async () => {
    await writeFile(join(above, 'runs'), '');
    await expect(create()).rejects.toThrow(
      expect.objectContaining({ code: 'io', message: expect.stringMatching(/runs.a could not be made: (ENOTDIR|EEXIST)/) }),
    );
  });

  test('in a file is an io error', async () => {
    await mkdir(join(above, 'runs'));
    await writeFile(directory, '');
    await expect(create()).rejects.toThrow(expect.objectContaining({ code: 'io' }));
  });
});

describe('a resumed run', () => {
  test('with the same configuration goes on, and its configuration stays', async () => {
    await create();
    await resume(structuredClone(config));
    expect(JSON.parse(await configFile())).toEqual(config);
  });

  test('may differ where it may: the file keeps what the run started with', async () => {
    await create();
    await resume({ ...config, versions: { node: '26.0.0', vitrail: '0.1.0' } }, ['versions.node']);
    expect(JSON.parse(await configFile())).toEqual(config);
  });

  test('differences: one on the line of the message', async () => {
    await create();
    await expect(resume({ ...config, train: { steps: 700, seed: 0 } }, ['versions.node'])).rejects.toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringMatching(/^[^\n]*runs.a holds a run with another configuration.*: train\.steps: 600 -> 700$/),
      }),
    );
  });

  test('differences: each on its own line; changed, no longer there, and new', async () => {
    await create();
    const given = {
      recipe: 'clip',
      train: { steps: 600 },
      captions: { streams: [['short'], ['short']] },
      versions: { node: '26.0.0', vitrail: '0.1.0' },
      loss: { patch: 'ibot' },
    };
    const message = await resume(given, ['versions.node']).catch((error: Error) => error.message);
    expect(String(message).split('\n').slice(1)).toEqual([
      '  recipe: "tipsv2" -> "clip"',
      '  train.seed: 0 -> (not set)',
      '  captions.streams: [["short"],["long"]] -> [["short"],["short"]]',
      '  loss.patch: (not set) -> "ibot"',
    ]);
  });

  test('the order of settings, and numbers that JSON cannot hold, are no differences', async () => {
    await openRunDirectory(directory, { a: { x: 1, y: Number.POSITIVE_INFINITY }, b: 2 }, { resume: false, mayDiffer: [] });
    await resume({ b: 2, a: { y: Number.POSITIVE_INFINITY, x: 1 } });
  });

  test('needs a directory that is there', async () => {
    await expect(resume(config)).rejects.toThrow(
      expect.objectContaining({ code: 'missing-data', message: expect.stringMatching(/runs.a does not exist/) }),
    );
    expect(await readdir(above)).toEqual([]);
  });

  test('needs a run in it', async () => {
    await mkdir(directory, { recursive: true });
    await expect(resume(config)).rejects.toThrow(
      expect.objectContaining({
        code: 'missing-data',
        message: expect.stringMatching(/holds no run \(it has no config\.json\)/),
      }),
    );
  });

  test.each(['{"recipe":', '[1]', 'null'])('with %s for a configuration is an error that names the file', async (text) => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'config.json'), text);
    await expect(resume(config)).rejects.toThrow(
      expect.objectContaining({ code: 'corrupt-data', message: expect.stringContaining('config.json') }),
    );
  });

  test('with a configuration that cannot be read is an io error', async () => {
    await mkdir(join(directory, 'config.json'), { recursive: true });
    await expect(resume(config)).rejects.toThrow(expect.objectContaining({ code: 'io' }));
  });
});

describe('writeJson', () => {
  test('writes all of it or nothing, with names for numbers that JSON cannot hold', async () => {
    const path = join(above, 'x.json');
    await writeJson(path, { a: [1, Number.NaN], b: Number.NEGATIVE_INFINITY });
    expect(await readFile(path, 'utf8')).toBe('{\n  "a": [\n    1,\n    "NaN"\n  ],\n  "b": "-Infinity"\n}\n');
    expect(await readdir(above)).toEqual(['x.json']);
  });

  test('what cannot be written is an error', async () => {
    await expect(writeJson(join(above, 'missing', 'x.json'), {})).rejects.toThrow(
      expect.objectContaining({ code: 'io', message: expect.stringContaining('ENOENT') }),
    );
    await expect(writeJson(join(above, 'x.json'), undefined)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
    expect(await readdir(above)).toEqual([]);
  });
});
