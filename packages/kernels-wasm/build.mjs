// Compiles assembly/ twice, with fused multiply-adds (relaxed SIMD) and without, and writes both as base64, with the constants that they read,
// into one module of src/generated.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants } from './constants.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const compiler = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
const builds = { relaxed: ['--enable', 'simd', '--enable', 'relaxed-simd'], plain: ['--enable', 'simd'] };

mkdirSync(join(folder, 'src/generated'), { recursive: true });
mkdirSync(join(folder, 'assembly/generated'), { recursive: true });
writeFileSync(join(folder, 'assembly/generated/constants.ts'), constantsModule());
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
  '/** The bits of the constants that they read, in order. */',
  `export const constantBits = [${Object.values(constants).join(', ')}];`,
  '',
];
writeFileSync(join(folder, 'src/generated/binaries.ts'), text.join('\n'));

/** An inline function per constant, which loads it from its place in memory. */
function constantsModule() {
  const functions = Object.keys(constants).map(
    (name, index) => `@inline\nexport function ${name}(): v128 {\n  return v128.load32_splat(CONSTANTS, ${4 * index});\n}\n`,
  );
  return ["@external('env', 'constants')\ndeclare const CONSTANTS: usize;\n", ...functions].join('\n');
}

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
