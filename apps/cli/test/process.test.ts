import { mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain, tinySettings } from './tiny.ts';
import { vitrail } from './vitrail.ts';
import { startVitrail, vitrailProcess } from './vitrail-process.ts';

const folder = scratchFolder();

it('the program ends with the status of its command, results on stdout and reasons on stderr', async () => {
  const { status, stdout, stderr } = await vitrailProcess(['recipes', '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(Object.keys(JSON.parse(stdout))).toEqual(['recipes']);
  const wrong = await vitrailProcess(['pretrain', '--recipe', 'tispv2']);
  expect(wrong).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^vitrail: [^\n]+\n$/) });
});

// As in `vitrail recipes --json | head -c1`: a stack would be printed over what was asked for.
it('a reader that has seen enough ends it quietly', async () => {
  const { status, stdout, stderr } = await vitrailProcess(['recipes', '--json'], {
    shell: '{ "$@"; echo "status $?" >&2; } | true',
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  expect(stderr).toMatch(/^status 0\n$/);
});

it.runIf(process.platform === 'linux')('stdout on a full disk is a failure', async () => {
  const { status, stderr } = await vitrailProcess(['recipes'], { shell: 'exec "$@" > /dev/full' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^vitrail: stdout cannot be written: ENOSPC[^\n]*\n$/);
});

it('a run goes on when nobody reads its progress', async () => {
  const run = join(folder, 'unread');
  const argv = [...tinyPretrain(run, { steps: 2 }), '--backend', 'wasm', '--json'];
  const { status, stdout } = await vitrailProcess(argv, { shell: '{ "$@" 2>&1 >&3 3>&- | true; } 3>&1' });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'completed', steps: 2 });
});

it('Ctrl-C while the data is opened ends it at once, with nothing begun', async () => {
  const run = join(folder, 'waiting');
  let asked = () => {};
  const request = new Promise<void>((resolve) => {
    asked = resolve;
  });
  // A server that takes the request and never answers.
  const server = createServer(() => asked());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.tar`;
  const { pid, ending } = startVitrail([...tinyPretrain(run, { data: url }), '--backend', 'wasm']);
  await Promise.race([request, ending]);
  process.kill(pid, 'SIGINT');
  const { status, stderr } = await ending;
  server.closeAllConnections();
  server.close();
  expect(status, stderr).toBe(130);
  expect(stderr).toMatch(/\nvitrail: interrupted\n$/);
  expect(readdirSync(folder)).not.toContain('waiting');
});

it('the default run directory is named by recipe, preset and time, below runs', async () => {
  const cwd = join(folder, 'elsewhere');
  mkdirSync(cwd);
  const set = [...tinySettings.filter((setting) => !setting.startsWith('heads.'))];
  const argv = [
    'pretrain',
    '--recipe',
    'clip:tiny',
    '--data',
    'scenes?count=64&size=16',
    '--steps',
    '1',
    '--set',
    ...set,
    '--json',
  ];
  const { status, stdout, stderr } = await vitrailProcess(argv, { cwd });
  expect(status, stderr).toBe(0);
  const [name] = readdirSync(join(cwd, 'runs'));
  expect(name).toMatch(/^clip-tiny-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d$/);
  expect(JSON.parse(stdout)).toMatchObject({ run: join('runs', name), report: join('runs', name, 'report.html') });
});

it('a command leaves no listener for signals behind', async () => {
  const before = ['SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name));
  expect((await vitrail(...tinyPretrain(join(folder, 'listeners'), { steps: 1 }), '--backend', 'wasm')).status).toBe(0);
  expect((await vitrail('pretrain', '--recipe', 'none')).status).toBe(2);
  expect(['SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name))).toEqual(before);
});
