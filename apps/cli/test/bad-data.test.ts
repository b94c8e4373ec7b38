import { existsSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJson, readMetrics } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { captionedMembers, type Members, picture, writeShard } from './shards.ts';
import { tinyPretrain } from './tiny.ts';
import { type Ending, vitrail } from './vitrail.ts';

const folder = scratchFolder();
let runs = 0;

/** Trains on a data spec; the evaluation data is intact. */
async function train(data: string, { steps = 3, set = [] as string[] } = {}): Promise<Ending & { out: string }> {
  const out = join(folder, `run-${++runs}`);
  const evaluate = 'data.evaluate=scenes?split=test&count=8&size=16';
  const argv = tinyPretrain(out, { data, steps, set: [evaluate, 'train.evaluateEvery=100', ...set] });
  return { ...(await vitrail(...argv, '--backend', 'wasm')), out };
}

const shard = (name: string, members: Members) => writeShard(folder, name, members);

/** Forty good samples; `change` may spoil some members, or take them away by `undefined`. */
async function spoiled(name: string, change: Record<string, string | Uint8Array | undefined>, count = 40): Promise<string> {
  const members = { ...(await captionedMembers(count)), ...change };
  const kept = Object.entries(members).filter((entry): entry is [string, string | Uint8Array] => entry[1] !== undefined);
  return shard(name, Object.fromEntries(kept));
}

/** How often the log says that a sample was skipped. */
const skips = (stderr: string, key: string) => stderr.split('\n').filter((line) => line.startsWith(`skipped ${key}: `));

describe('no data', () => {
  it('a glob that matches nothing says what is there instead, and no run is begun', async () => {
    const path = await spoiled('glob.tar', {});
    const { status, stdout, stderr, out } = await train(join(folder, 'globe*.tar'));
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^vitrail: no file matches .*globe\*\.tar: .* has .*glob\.tar/);
    expect(existsSync(out)).toBe(false);
    const near = await train(path.replace('glob.tar', 'blog.tar'));
    expect(near.stderr).toContain(`did you mean ${path}?`);
  });

  it('fewer samples than a batch', async () => {
    const { status, stderr, out } = await train('scenes?count=3&size=16');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^vitrail: a batch of 4 needs as many samples, but there are only 3 to train on .*lower --batch-size/m,
    );
    expect(existsSync(out)).toBe(false);
  });

  it('fewer samples than a batch once some are held out', async () => {
    const out = join(folder, 'held-out');
    const { status, stderr } = await vitrail(...tinyPretrain(out, { data: 'scenes?count=6&size=16' }));
    expect(status).toBe(1);
    expect(stderr).toMatch(/a batch of 4 needs as many samples, but there are only 3 to train on \(3 of 6 scenes/);
  });

  it('one sample cannot be trained on and measured on', async () => {
    const { status, stderr } = await vitrail(...tinyPretrain(join(folder, 'one'), { data: 'scenes?count=1&size=16' }));
    expect(status).toBe(1);
    expect(stderr).toContain('too few samples to train on some and be measured on others');
  });

  it('a file that is no tar archive', async () => {
    const path = join(folder, 'text.tar');
    await writeFile(path, 'not an archive, '.repeat(100));
    const { status, stderr } = await train(path);
    expect(status).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^vitrail: .*text\.tar/);
  });
});

describe('single bad samples are skipped, counted, and named with their reason', () => {
  it.each<[what: string, change: () => Promise<Record<string, string | Uint8Array | undefined>>, reason: RegExp]>([
    [
      'a truncated picture',
      async () => ({ '00007.jpg': (await picture(7)).subarray(0, 200) }),
      /00007\.jpg: not a picture that can be decoded/,
    ],
    [
      'a member that is no picture',
      async () => ({ '00007.jpg': 'GIF? no, text' }),
      /00007\.jpg: not a picture that can be decoded/,
    ],
    ['an empty picture', async () => ({ '00007.jpg': '' }), /00007\.jpg: the file is empty/],
    ['no caption', async () => ({ '00007.txt': undefined }), /it has no caption/],
    ['an empty caption', async () => ({ '00007.txt': ' \n' }), /it has no caption/],
  ])('%s', async (what, change, reason) => {
    const data = await spoiled(`${what.replaceAll(' ', '-')}.tar`, await change());
    // Ten steps of four are the forty samples once.
    const { status, stderr, out } = await train(data, { steps: 10 });
    expect(status, stderr).toBe(0);
    const [skipped, ...others] = skips(stderr, '00007');
    expect(skipped).toMatch(reason);
    expect(others).toEqual([]);
    expect(readJson(out, 'summary.json')).toMatchObject({ status: 'completed', badSamples: 1 });
    expect(readMetrics(out).filter(({ split }) => split === 'train').length).toBe(10);
  });

  it('damaged json', async () => {
    const { status, stderr, out } = await train(await spoiled('json.tar', { '00008.json': '{"caption": "a cat' }), { steps: 10 });
    expect(status).toBe(0);
    expect(skips(stderr, '00008')[0]).toMatch(/00008\.json: not JSON/);
    expect(readJson(out, 'summary.json').badSamples).toBe(1);
  });

  it('pictures that are held out for the evaluation', async () => {
    const data = await spoiled('held-out.tar', { '00039.jpg': 'x', '00037.txt': undefined });
    const out = join(folder, 'bad-held-out');
    const { status, stdout, stderr } = await vitrail(
      ...tinyPretrain(out, { data, steps: 3, set: ['train.evaluateSamples=16'] }),
      '--json',
    );
    expect(status, stderr).toBe(0);
    expect(skips(stderr, '00039').length).toBe(1);
    expect(skips(stderr, '00037').length).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ badSamples: 2, eval: { retrieval: { candidates: 18 } } });
  });
});

it('a run stops when more than 5 % of its samples are bad, and says so in its summary', async () => {
  const bad = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${String(3 * i).padStart(5, '0')}.jpg`, 'x']));
  const { status, stderr, out } = await train(await spoiled('rotten.tar', bad, 64), { steps: 100 });
  expect(status).toBe(1);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /^vitrail: \d+ of the last \d+ samples are bad, more than 5 %; the latest is \d{5}: .*not a picture/,
  );
  expect(readJson(out, 'summary.json')).toMatchObject({ status: 'failed', reason: expect.stringContaining('more than 5 %') });
  expect(Number(readJson(out, 'summary.json').badSamples)).toBeGreaterThan(2);
});

it('of a shard that was cut off the complete samples are used, and a warning says so', async () => {
  const path = await spoiled('cut.tar', {});
  const { length } = await readFile(path);
  await truncate(path, Math.round(0.6 * length));
  const { status, stderr } = await train(path);
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/^warning: .*cut\.tar: .*; \d+ complete samples are kept$/m);
});

it('a key without a picture is warned of', async () => {
  const { stderr } = await train(await spoiled('bare.tar', { '00003.jpg': undefined }));
  expect(stderr).toMatch(/^warning: 1 key has no picture \(.*bare\.tar: 00003\)$/m);
});

it('pictures that are smaller than a crop, and of different shapes, train like any other', async () => {
  const members = await captionedMembers(12);
  for (const [index, side] of [1, 2, 3, 5, 8, 13].entries()) members[`0000${index}.jpg`] = await picture(index, side);
  const { status, stderr, out } = await train(await shard('small.tar', members), { steps: 3 });
  expect(status, stderr).toBe(0);
  expect(readJson(out, 'summary.json').badSamples).toBe(0);
});

describe('pictures without captions', () => {
  const shardOf = (name: string, members: Members) => spoiled(name, members, 0);
  const bare = async (text: Members = {}) => {
    const pictures = Array.from({ length: 12 }, async (_, i) => ({ [`0${i}.jpg`]: await picture(i), ...text }));
    return Object.assign({}, ...(await Promise.all(pictures))) as Members;
  };

  it('are nothing to train on, which is said before a run is begun', async () => {
    const { status, stderr, out } = await train(await shardOf('uncaptioned.tar', await bare()));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^vitrail: the first samples have no caption to learn from: /m);
    expect(existsSync(out)).toBe(false);
  });

  it('nor to measure on where they have no classes either', async () => {
    const evaluate = `data.evaluate=${await shardOf('unlabelled.tar', await bare())}`;
    const { status, stderr, out } = await train('scenes?count=8&size=16', { set: [evaluate] });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^vitrail: nothing can be measured on .*unlabelled\.tar/m);
    expect(existsSync(out)).toBe(false);
  });
});
