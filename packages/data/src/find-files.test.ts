import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError } from '../test/expect-error.ts';
import { findFiles } from './find-files.ts';

const FILES = [
  'shards/train-00.tar',
  'shards/train-01.tar',
  'shards/train-10.tar',
  'shards/val-00.tar',
  'shards/notes.txt',
  'shards/.hidden.tar',
  'shards/deep/er/x.tar',
  'shards/deep/x.tar',
  'shards/.cache/x.tar',
  'odd/{a,b}.tar',
  'odd/[1].tar',
  'odd/a+b(1).tar',
  'odd/a.tar',
  'odd/b.tar',
  'odd/^.tar',
  'odd/!.tar',
];

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitrail-data-'));
  for (const file of FILES) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), '');
  }
  await mkdir(join(root, 'empty'));
  await mkdir(join(root, 'shards/folder.tar'));
  await symlink(join(root, 'shards'), join(root, 'shards/deep/loop'), 'dir');
});
afterAll(() => rm(root, { recursive: true }));

const find = async (pattern: string) => (await findFiles(join(root, '/') + pattern)).map((path) => path.slice(root.length + 1));

describe('finds', () => {
  it.each<[pattern: string, files: string[]]>([
    ['shards/train-00.tar', ['shards/train-00.tar']],
    ['shards/train-*.tar', ['shards/train-00.tar', 'shards/train-01.tar', 'shards/train-10.tar']],
    ['shards/*.tar', ['shards/train-00.tar', 'shards/train-01.tar', 'shards/train-10.tar', 'shards/val-00.tar']],
    ['shards/*/x.tar', ['shards/deep/x.tar']],
    ['shards/train-0?.tar', ['shards/train-00.tar', 'shards/train-01.tar']],
    ['shards/train-[!0]0.tar', ['shards/train-10.tar']],
    ['shards/*-[0-9]0.tar', ['shards/train-00.tar', 'shards/train-10.tar', 'shards/val-00.tar']],
    ['shards/train-{01,00}.tar', ['shards/train-01.tar', 'shards/train-00.tar']],
    ['shards/train-{00..01}.tar', ['shards/train-00.tar', 'shards/train-01.tar']],
    ['shards/{val,train}-*.tar', ['shards/val-00.tar', 'shards/train-00.tar', 'shards/train-01.tar', 'shards/train-10.tar']],
    ['shards/{train-00,train-*,train-00}.tar', ['shards/train-00.tar', 'shards/train-01.tar', 'shards/train-10.tar']],
    ['*/train-00.tar', ['shards/train-00.tar']],
    ['shards/**/x.tar', ['shards/deep/er/x.tar', 'shards/deep/x.tar']],
    ['**/train-1*.tar', ['shards/train-10.tar']],
    ['shards/deep/**', ['shards/deep/er/x.tar', 'shards/deep/x.tar']],
    ['shards/.h*.tar', ['shards/.hidden.tar']],
    ['shards//deep/../val-*.tar', ['shards/val-00.tar']],
    ['odd/{a,b}.tar', ['odd/{a,b}.tar']],
    ['odd/[1].tar', ['odd/[1].tar']],
    ['odd/?+b(1).tar', ['odd/a+b(1).tar']],
    ['odd/[!a-b].tar', ['odd/!.tar', 'odd/^.tar']],
    ['odd/[!].tar', ['odd/!.tar']],
  ])('%s', async (pattern, files) => {
    expect(await find(pattern)).toEqual(files);
  });

  it('relative paths below the folder of the process', async () => {
    const before = process.cwd();
    process.chdir(join(root, 'shards'));
    try {
      expect(await findFiles('train-*0.tar')).toEqual(['train-00.tar', 'train-10.tar']);
      expect(await findFiles('./train-0*.tar')).toEqual(['train-00.tar', 'train-01.tar']);
      expect(await findFiles('../odd/[ab].tar')).toEqual(['../odd/a.tar', '../odd/b.tar']);
      await expectError(() => findFiles('trian-00.tar'), 'missing-data', /did you mean train-00\.tar\?/);
      await expectError(() => findFiles('*.zip'), 'missing-data', /this folder has /);
    } finally {
      process.chdir(before);
    }
  });
});

describe('says what is there instead', () => {
  it.each<[pattern: string, message: RegExp]>([
    ['shards/train-00.tra', /no file matches .*\/shards\/train-00\.tra: did you mean .*\/shards\/train-00\.tar\?$/],
    ['shrads/train-00.tar', /did you mean .*\/shards\?$/],
    ['shards', /it is a folder; name its shards, as in .*\/shards\/\*\.tar$/],
    ['shards/', /it is a folder; name its shards, as in .*\/shards\/\*\.tar$/],
    ['shards/folder.tar', /it is a folder/],
    ['shards/test-{00..03}.tar', /no file matches .*test-00\.tar: .*\/shards has .*, .* and \d more$/],
    ['shards/train-{00..02}.tar', /no file matches .*train-02\.tar: did you mean .*train-0\d\.tar\?$/],
    ['odd/*.zip', /\/odd has !\.tar, \[1\]\.tar, \^\.tar, a\+b\(1\)\.tar, a\.tar and 2 more$/],
    ['odd/*.tax', /\/odd has /],
    ['empty/*.tar', /\/empty is empty$/],
    ['empty/none/*/x.tar', /\/empty is empty$/],
    ['shards/*/none.tar', /\/shards has /],
  ])('%s', async (pattern, message) => {
    await expectError(() => find(pattern), 'missing-data', message);
  });

  it('of nothing at all, rather than matching the root of the disk', async () => {
    await expectError(() => findFiles(''), 'missing-data', /no file matches/);
    await expectError(() => findFiles('/'), 'missing-data', /it is a folder/);
  });

  it('refuses a range of letters that runs backwards', async () => {
    await expectError(
      () => find('odd/[b-a].tar'),
      'invalid-argument',
      /\[b-a\]\.tar holds a range of letters that runs backwards/,
    );
  });
});
