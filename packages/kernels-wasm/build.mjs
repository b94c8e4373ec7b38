// Compiles assembly/ twice, with fused multiply-adds (relaxed SIMD) and without, and writes both as base64 into one module of
// src/generated.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const compiler = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
const builds = { relaxed: ['--enable', 'simd', '--enable', 'relaxed-simd'], plain: ['--enable', 'simd'] };

mkdirSync(join(folder, 'src/generated'), { recursive: true });
const lines = Object.entries(builds).map(([name, features]) => {
  const file = join(folder, 'src/generated', `${name}.wasm`);
  const options = [
    '-O3',
    '--converge',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'threads',
    '--disableWarning',
    '112',
    ...features,
  ];
  // The memory is the one of tfjs: nothing may lie at fixed addresses in it, and `data segments` of ours would.
  const memory = ['--importMemory', '--initialMemory', '1', '--maximumMemory', '65536'];
  execFileSync(process.execPath, [compiler, join(folder, 'assembly/index.ts'), ...options, ...memory, '-o', file], {
    stdio: 'inherit',
  });
  const bytes = readFileSync(file);
  if (hasDataSegments(bytes)) throw new Error(`${name}.wasm has data segments, which would overwrite the memory of tfjs`);
  return `  ${name}: '${bytes.toString('base64')}',`;
});
const text = [
  '/** The kernels, compiled from `assembly/` by `build.mjs`, in base64. */',
  'export const binaries = {',
  ...lines,
  '} as const;',
  '',
];
writeFileSync(join(folder, 'src/generated/binaries.ts'), text.join('\n'));

function hasDataSegments(bytes) {
  const data = 11;
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at++];
    let size = 0;
    let shift = 0;
    let byte;
    do {
      byte = bytes[at++];
      size |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    if (id === data) return true;
    at += size;
  }
  return false;
}
