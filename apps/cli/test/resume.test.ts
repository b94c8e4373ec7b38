import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '@vitrail/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJson, readLatest, readMetrics } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';
import { type SignalAt, vitrailProcess } from './vitrail-process.ts';

const folder = scratchFolder();
const directory = (name: string) => join(folder, name);
/** Rows of metrics are means over three steps, checkpoints come every two: a run goes on in the middle of a row. */
const argv = (name: string) => [...tinyPretrain(directory(name), { steps: 8, set: ['train.logEvery=3'] }), '--backend', 'wasm'];

/** What the same run ends with when nothing happens to it. */
const whole = 'whole';
beforeAll(async () => {
  const { status, stderr } = await vitrailProcess(argv(whole));
  expect(status, stderr).toBe(0);
});

function expectSameEnd(name: string): void {
  for (const file of ['model.safetensors', 'optimizer.safetensors', 'carried.safetensors', 'state.json'])
    expect(readLatest(directory(name), file).equals(readLatest(directory(whole), file)), file).toBe(true);
  expect(readMetrics(directory(name))).toEqual(readMetrics(directory(whole)));
  const { eval: result, status, steps, badSamples } = readJson(directory(name), 'summary.json');
  const expected = readJson(directory(whole), 'summary.json');
  expect({ eval: result, status, steps, badSamples }).toMatchObject({
    eval: expected.eval,
    status: 'completed',
    steps: 8,
    badSamples: 0,
  });
}

describe('a run that is killed and resumed ends with the same bytes as one that is not', () => {
  // A user would get another model than the one that the configuration stands for.
  it('whenever it is killed: in the middle of a checkpoint, before it counts, between steps, again and again', async () => {
    const rng = createRng('kill');
    const kills: Omit<SignalAt, 'signal'>[] = [
      ...Array.from({ length: 3 }, (_, i) => ({ at: rng.fork(i).integer(8, 30), match: '' })),
      { at: 1, match: 'open .*\\.writing-step-0000\\d\\d/optimizer' },
      { at: 1, match: 'rename .*\\.writing-step-0000\\d\\d .*/step-0000\\d\\d$' },
      { at: 1, match: 'rename .*/latest$' },
      { at: 1, match: 'rename .*/pictures.json$' }, // The last evaluation is logged, but the run has not ended.
    ];
    for (const [i, kill] of kills.entries()) {
      const resume = i === 0 ? [] : ['--resume'];
      const { signal, stderr } = await vitrailProcess([...argv('killed'), ...resume], {
        signals: [{ signal: 'SIGKILL', ...kill }],
      });
      expect(signal, `${JSON.stringify(kill)}\n${stderr}`).toBe('SIGKILL');
    }
    const { status, stderr } = await vitrailProcess([...argv('killed'), '--resume']);
    expect(status, stderr).toBe(0);
    expectSameEnd('killed');
    expect(readdirSync(join(directory('killed'), 'checkpoints')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('rows and TensorBoard files of the killed process are not taken twice', async () => {
    // Killed before the row of step 6, which has means over steps 4 to 6, with a checkpoint of step 4.
    const signals: SignalAt[] = [{ signal: 'SIGKILL', at: 1, match: 'write .*"step":6,' }];
    await vitrailProcess(argv('rows'), { signals });
    writeFileSync(join(directory('rows'), 'metrics.jsonl'), '{"step":6,"spl', { flag: 'a' });
    expect(existsSync(join(directory('rows'), 'summary.json'))).toBe(false);
    const { status, stderr } = await vitrailProcess([...argv('rows'), '--resume']);
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/^step 5\/8 /m);
    expectSameEnd('rows');
    const events = readdirSync(directory('rows')).filter((name) => name.startsWith('events.out.tfevents.'));
    expect(events.length).toBe(2);
  });
});

describe('Ctrl-C', () => {
  const interruptedAt = (match: string): SignalAt[] => [{ signal: 'SIGINT', at: 1, match }];
  const summary = (name: string) => readJson(directory(name), 'summary.json');

  it('ends with status 130 and a checkpoint: in a step, in an evaluation, in the last evaluation; the run goes on from each', async () => {
    const name = 'interrupted';
    // Step 3 is evaluated after it is logged.
    const first = await vitrailProcess([...argv(name), '--json'], { signals: interruptedAt('write .*"step":3,"split":"train"') });
    expect({ status: first.status, signal: first.signal }, first.stderr).toEqual({ status: 130, signal: null });
    expect(first.stderr).toContain('interrupted: finishing the step and writing a checkpoint');
    expect(JSON.parse(first.stdout)).toMatchObject({ status: 'interrupted', steps: 3 });
    expect(summary(name)).toMatchObject({ status: 'interrupted', steps: 3 });
    expect(readFileSync(join(directory(name), 'report.html'), 'utf8')).toContain('Interrupted after 3 steps');
    expect(readMetrics(directory(name)).map(({ split }) => split)).toEqual(['train', 'train']); // steps 1 and 3
    cpSync(directory(name), directory('at-step-3'), { recursive: true });

    const second = await vitrailProcess([...argv(name), '--resume'], {
      signals: interruptedAt('write .*"step":6,"split":"train"'),
    });
    expect(second.status, second.stderr).toBe(130);
    expect([6, 7]).toContain(summary(name).steps);

    const third = await vitrailProcess([...argv(name), '--resume'], {
      signals: interruptedAt('write .*"step":8,"split":"train"'),
    });
    expect(third.status, third.stderr).toBe(130);
    expect(summary(name)).toMatchObject({ status: 'interrupted', steps: 8 });
    expect(summary(name).eval).toBeUndefined();

    const { status, stderr } = await vitrailProcess([...argv(name), '--resume']);
    expect(status, stderr).toBe(0);
    expectSameEnd(name);
  });

  it('a second one ends at once, and what was there before is intact', async () => {
    const signals: SignalAt[] = [
      { signal: 'SIGTERM', at: 1, match: 'write .*"step":6,"split":"train"' },
      { signal: 'SIGINT', at: 1, match: 'open .*\\.writing-step-000006/optimizer' },
    ];
    cpSync(directory('at-step-3'), directory('twice'), { recursive: true });
    const { status, stderr } = await vitrailProcess([...argv('twice'), '--resume'], { signals });
    expect(status, stderr).toBe(130);
    expect(stderr).toMatch(/vitrail: interrupted\n$/);
    expect(readFileSync(join(directory('twice'), 'checkpoints', 'latest'), 'utf8')).toBe('step-000004\n');
    // What an earlier process said of the run is no longer true.
    expect(existsSync(join(directory('twice'), 'summary.json'))).toBe(false);
  });
});

describe('a disk that is full', () => {
  /** The newest checkpoint of step 3, whole. */
  function expectIntact(name: string): void {
    for (const file of ['model.safetensors', 'optimizer.safetensors', 'carried.safetensors', 'state.json'])
      expect(readLatest(directory(name), file).equals(readLatest(directory('at-step-3'), file)), file).toBe(true);
  }

  it('fails the run with a reason of one line; the last good checkpoint is intact, and the run goes on once there is room', async () => {
    cpSync(directory('at-step-3'), directory('full'), { recursive: true });
    // No file may grow beyond 64 blocks of 512 bytes; the trap keeps the process from being killed for trying.
    const shell = 'trap "" XFSZ; ulimit -f 64; exec "$@"';
    const { status, stdout, stderr } = await vitrailProcess([...argv('full'), '--resume'], { shell });
    expect({ status, stdout }, stderr).toEqual({ status: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^vitrail: the checkpoint of step 4 could not be written .*EFBIG/);
    expectIntact('full');
    expect(readJson(directory('full'), 'summary.json')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('EFBIG'),
    });
    expect((await vitrailProcess([...argv('full'), '--resume'])).status).toBe(0);
    expectSameEnd('full');
  });

  // Mounting needs root: elsewhere the limit above stands for the full disk.
  it.runIf(canMount())('the same on a file system without room', async () => {
    const [small, kept] = ['small', 'kept'].map(directory);
    mkdirSync(small);
    const mount = `mount -t tmpfs -o size=600k tmpfs ${small} && cp -r ${directory('at-step-3')}/. ${small}`;
    const shell = `${mount} && "$@"; status=$?; cp -r ${small} ${kept}; exit $status`;
    const run = [...argv('small'), '--resume'];
    const { status, stderr } = await vitrailProcess(run, {
      shell: `unshare -m sh -c '${shell.replaceAll("'", "'\\''")}' sh "$@"`,
    });
    expect(status, stderr).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^vitrail: .*ENOSPC/);
    expectIntact('kept');
  });
});

describe('--resume', () => {
  it('with another configuration is refused, and every difference shown', async () => {
    const changed = argv(whole).map((argument) => (argument === '8' ? '9' : argument));
    const before = readFileSync(join(directory(whole), 'config.json'), 'utf8');
    const { status, stdout, stderr } = await vitrail(...changed, '--batch-size', '8', '--resume');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^vitrail: .* holds a run with another configuration; .*:\n {2}train\.steps: 8 -> 9\n {2}train\.batchSize: 4 -> 8\n$/m,
    );
    expect(readFileSync(join(directory(whole), 'config.json'), 'utf8')).toBe(before);
  });

  it('with other data of the same name is refused', async () => {
    const { status, stderr } = await vitrail(...argv(whole), '--resume', '--set', 'data.evaluate=scenes?count=5&size=16');
    expect(status).toBe(2);
    expect(stderr).toContain('samples.evaluation: 32 -> 5');
  });

  it('of a run that has completed has nothing to do, and prints its summary again', async () => {
    const before = readFileSync(join(directory(whole), 'summary.json'), 'utf8');
    const { status, stdout, stderr } = await vitrail(...argv(whole), '--resume', '--json');
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('nothing to do: all 8 steps are done');
    expect(JSON.parse(stdout)).toMatchObject(JSON.parse(before));
    expect(readFileSync(join(directory(whole), 'summary.json'), 'utf8')).toBe(before);
  });

  it('without it a directory that holds a run is left alone', async () => {
    const { status, stderr } = await vitrail(...argv(whole));
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^vitrail: .* holds a run already \(config\.json\): go on with it by --resume, or name another directory by --out$/m,
    );
  });

  it('where there is no run says so', async () => {
    const { status, stderr } = await vitrail(...argv('nowhere'), '--resume');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^vitrail: there is no run to resume: .*nowhere does not exist; start one without --resume$/m);
  });
});

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    // In a mount namespace of its own, which ends with the command.
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
