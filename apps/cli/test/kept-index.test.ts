import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJson, readLatest } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { captionedMembers, writeShard } from './shards.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();
const written = new Date(1.7e12);

/** A run of three steps on shards of its own, and the same again. */
async function begin(name: string, { spec = (path: string) => path, evaluate = true } = {}) {
  const train = await writeShard(folder, `${name}-train.tar`, await captionedMembers(40));
  const evaluation = await writeShard(folder, `${name}-evaluation.tar`, await captionedMembers(8, { start: 40 }));
  for (const path of [train, evaluation]) utimesSync(path, written, written);
  const out = join(folder, name);
  const set = evaluate ? [`data.evaluate=${spec(evaluation)}`] : [];
  const argv = [...tinyPretrain(out, { data: spec(train), set }), '--backend', 'wasm'];
  const { status, stderr } = await vitrail(...argv);
  expect(status, stderr).toBe(0);
  return { out, train, evaluation, resume: () => vitrail(...argv, '--resume') };
}

/** The first header of a shard, which opening it looks at unless it knows the shard. Its samples stay as they are. */
function spoilHeader(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xff, 0, 512);
  writeFileSync(path, bytes);
  utimesSync(path, written, written);
}

describe('a run keeps where the samples of its shards lie', () => {
  it.each([
    ['of shards', (path: string) => path],
    ['of mosaics', (path: string) => `mosaic:${path}?grid=2`],
  ])('%s: resuming walks none of them', async (name, spec) => {
    const { out, train, evaluation, resume } = await begin(name.replace(' ', '-'), { spec });
    for (const path of [train, evaluation]) spoilHeader(path);
    const { status, stderr } = await resume();
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('nothing to do: all 3 steps are done');

    rmSync(join(out, 'evaluation.index'));
    const without = await resume();
    expect(without.status).toBe(1);
    expect(without.stderr).toMatch(/^vitrail: .*evaluation\.tar: no tar header .* at byte 0/m);
  });

  it('but a shard that was changed since is walked again', async () => {
    const { train, resume } = await begin('changed');
    spoilHeader(train);
    utimesSync(train, written, new Date());
    const { status, stderr } = await resume();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^vitrail: .*train\.tar: no tar header .* at byte 0/m);
  });

  it('and of shards that are held out of too, in one file', async () => {
    const { out, train, resume } = await begin('held-out', { evaluate: false });
    expect(existsSync(join(out, 'evaluation.index'))).toBe(false);
    spoilHeader(train);
    expect((await resume()).status).toBe(0);
  });

  it('and no scenes', async () => {
    const out = join(folder, 'scenes');
    expect((await vitrail(...tinyPretrain(out), '--backend', 'wasm')).status).toBe(0);
    expect(existsSync(join(out, 'train.index'))).toBe(false);
  });
});

it('an index that is gone or damaged costs time only: it is made again, and the run goes on to the same end', async () => {
  const { out, resume } = await begin('damaged');
  const path = join(out, 'train.index');
  const good = readFileSync(path);
  const model = readLatest(out, 'model.safetensors');
  const damages = [
    () => rmSync(path),
    () => writeFileSync(path, good.subarray(0, good.length / 2)),
    () =>
      writeFileSync(
        path,
        good.map((byte, at) => (at === 200 ? byte ^ 1 : byte)),
      ),
  ];
  for (const damage of damages) {
    damage();
    rmSync(join(out, 'checkpoints'), { recursive: true });
    rmSync(join(out, 'summary.json'));
    const { status, stderr } = await resume();
    expect(status, stderr).toBe(0);
    expect(readLatest(out, 'model.safetensors').equals(model)).toBe(true);
    expect(readJson(out, 'summary.json')).toMatchObject({ status: 'completed', steps: 3 });
    expect(readFileSync(path).equals(good)).toBe(true);
  }
  const before = statSync(path).mtimeMs;
  expect((await resume()).status).toBe(0);
  expect(statSync(path).mtimeMs, 'an index that is good is not written again').toBe(before);
});
