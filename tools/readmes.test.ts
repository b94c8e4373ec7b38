import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * Every example in a README runs on the built packages, as it would for a user who installed them, and prints what its comments say.
 *
 * An example is a block of ```ts; `console.log(x.shape); // [2, 16, 32]` states what must be printed. Examples start on the cpu backend.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
/** Those that users install; what is private runs in the tests alone. */
const packages = readdirSync(join(root, 'packages')).filter((name) => {
  const folder = join(root, 'packages', name);
  return existsSync(join(folder, 'README.md')) && JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).private !== true;
});

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitrail-readme-'));
  const scope = join(folder, 'node_modules', '@vitrail');
  mkdirSync(scope, { recursive: true });
  symlinkSync(join(root, 'node_modules', '@tensorflow'), join(folder, 'node_modules', '@tensorflow'));
  for (const name of readdirSync(join(root, 'packages'))) symlinkSync(join(root, 'packages', name), join(scope, name));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'start.js'), "import { startBackend } from '@vitrail/backend';\nawait startBackend('cpu');\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(packages)('README of @vitrail/%s', (name) => {
  const text = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]);

  it('has an example', () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  it.each(examples.map((code, i) => ({ code, number: i + 1 })))('example $number prints what it says', ({ code, number }) => {
    const file = join(folder, `${name}-${number}.ts`);
    writeFileSync(file, code);
    const printed = execFileSync(process.execPath, ['--import', join(folder, 'start.js'), file], {
      cwd: folder,
      encoding: 'utf8',
    });
    const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
    expect(said.length, 'console.log lines with a comment that says what is printed').toBeGreaterThan(0);
    expect(printed.replaceAll('[ ', '[').replaceAll(' ]', ']').trim().split('\n')).toEqual(said);
  });
});
