import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../test/on-webgpu.ts';
import { Device } from './device.ts';
import { type Element, shaderSource } from './shader.ts';
import { fitsTile, matmulSubgroupMatrix, type SubgroupMatrixConfiguration } from './shaders/matmul-subgroup-matrix.ts';
import { subgroupMatrixConfiguration, subgroupMatrixInUse } from './subgroup-matrix.ts';
import { currentWebGpuBackend } from './tfjs-webgpu-backend.ts';
import { useSubgroupMatrix, verifySubgroupMatrix } from './verify-subgroup-matrix.ts';

type Reported = { componentType: string; resultComponentType: string; M: number; N: number; K: number };

const reported = (componentType: string, resultComponentType: string, M: number, N: number, K: number): Reported => ({
  componentType,
  resultComponentType,
  M,
  N,
  K,
});

/** A device that says this of itself and can do nothing. */
function fakeDevice(
  configs: readonly Reported[],
  { features = ['chromium-experimental-subgroup-matrix', 'subgroups', 'shader-f16'], sizes = [32, 32], vendor = 'nvidia' } = {},
): Device {
  const adapterInfo = {
    vendor,
    architecture: 'fake',
    subgroupMatrixConfigs: configs,
    subgroupMinSize: sizes[0],
    subgroupMaxSize: sizes[1],
  };
  return { backend: { device: { features: new Set(features), adapterInfo } } } as unknown as Device;
}

describe('the configuration of subgroup matrices', () => {
  it('is the largest that the adapter reports for halves, with sums in float32 if it can', () => {
    const all = [
      reported('i32', 'i32', 16, 16, 32),
      reported('f16', 'f16', 16, 16, 16),
      reported('f16', 'f32', 16, 8, 8),
      reported('f16', 'f32', 16, 16, 16),
      reported('f32', 'f32', 8, 8, 8),
    ];
    expect(subgroupMatrixConfiguration(fakeDevice(all))).toEqual({
      result: 'f32',
      rows: 16,
      columns: 16,
      depth: 16,
      subgroupSize: 32,
    });
    expect(subgroupMatrixConfiguration(fakeDevice(all.slice(0, 2)))?.result).toBe('f16');
  });

  it('is none where nothing fits, the feature is missing, or the size of subgroups is not known', () => {
    const fits = [reported('f16', 'f32', 8, 8, 8)];
    expect(subgroupMatrixConfiguration(fakeDevice([]))).toBeUndefined();
    expect(subgroupMatrixConfiguration(fakeDevice([reported('f16', 'f32', 12, 8, 8)]))).toBeUndefined();
    expect(subgroupMatrixConfiguration(fakeDevice([reported('f32', 'f32', 8, 8, 8)]))).toBeUndefined();
    expect(subgroupMatrixConfiguration(fakeDevice(fits, { features: ['subgroups', 'shader-f16'] }))).toBeUndefined();
    expect(subgroupMatrixConfiguration(fakeDevice(fits, { sizes: [8, 32], vendor: 'intel' }))).toBeUndefined();
    expect(subgroupMatrixConfiguration(fakeDevice(fits, { sizes: [4, 64], vendor: 'apple' }))?.subgroupSize).toBe(32);
  });
});

describe('the verification of subgroup matrices', () => {
  it('lets them be used where they agree, and else gives a warning', async () => {
    const device = fakeDevice([reported('f16', 'f32', 16, 16, 16)]);
    expect(subgroupMatrixInUse(device)).toBeUndefined();
    expect(await useSubgroupMatrix(device, async () => true)).toBeUndefined();
    expect(subgroupMatrixInUse(device)).toEqual(subgroupMatrixConfiguration(device));
    expect(await useSubgroupMatrix(device, async () => false)).toContain('nvidia fake');
    expect(subgroupMatrixInUse(device)).toBeUndefined();
  });

  it('is not asked where the device has none', async () => {
    const never = () => Promise.reject(new Error('asked'));
    expect(await useSubgroupMatrix(fakeDevice([]), never)).toBeUndefined();
  });

  onWebGpu((_, precision) => {
    const inHalves = it.skipIf(precision !== 'f16');

    inHalves('fails where the device claims what it cannot do, and leaves products as they are', async () => {
      const real = new Device(currentWebGpuBackend(), precision);
      expect(await verifySubgroupMatrix(claimingDevice(real, reported('f16', 'f32', 16, 16, 16)))).toBe(false);
      real.throwErrors();
    });

    // A stand-in for the hardware that is missing here: it shows that all but the matrix builtins is right.
    inHalves.each([reported('f16', 'f32', 16, 16, 16), reported('f16', 'f16', 8, 8, 8)])(
      'agrees where the matrix builtins are imitated, and not where they are imitated wrong: %j',
      async (config) => {
        const real = new Device(currentWebGpuBackend(), precision);
        expect(await verifySubgroupMatrix(claimingDevice(real, config, imitation(config)))).toBe(true);
        expect(await verifySubgroupMatrix(claimingDevice(real, config, imitation(config, 'transposed')))).toBe(false);
        real.throwErrors();
      },
    );
  });
});

/** A real device, but for what it says of itself; with subgroups of 8, as lavapipe has. */
function claimingDevice(real: Device, config: Reported, imitate?: (code: string) => string): Device {
  const { device: gpu } = real.backend;
  const info = { vendor: 'mesa', architecture: 'software', subgroupMinSize: 8, subgroupMaxSize: 8 };
  const adapterInfo = { ...info, subgroupMatrixConfigs: [config] };
  const claims: Record<string, unknown> = {
    features: new Set([...gpu.features, 'chromium-experimental-subgroup-matrix']),
    adapterInfo,
  };
  const view = <T extends object>(of: T, instead: Record<string, unknown>): T =>
    new Proxy(of, {
      get(target, name) {
        if (typeof name === 'string' && name in instead) return instead[name];
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const launch: Device['launch'] = (shader, options, ...others) => {
    const imitates = imitate !== undefined && shader.name === matmulSubgroupMatrix.name;
    // Pipelines are known by the name and options of their shader.
    const name = `${shader.name} of imitation ${imitations.indexOf(imitate)}`;
    const instead = { ...shader, name, code: (of: typeof options) => imitate?.(shader.code(of)) ?? '' };
    real.launch(imitates ? instead : shader, options, ...others);
  };
  imitations.push(imitate);
  return view(real, { launch, backend: view(real.backend, { device: view(gpu, claims) }) });
}

const imitations: unknown[] = [];

/** Puts functions in place of the matrix builtins by which every invocation computes all of a matrix. */
function imitation({ M, N, K, resultComponentType: result }: Reported, fault?: 'transposed'): (code: string) => string {
  const left = fault === 'transposed' ? 'offset + i * stride + k' : 'offset + k * stride + i';
  return (code) => `
// subgroupImitation: the source enables subgroups where it finds such a name.
alias Left = array<f16, ${M * K}>;
alias Right = array<f16, ${K * N}>;
alias Result = array<${result}, ${M * N}>;
${code
  .replaceAll(
    /subgroupMatrixLoad<subgroup_matrix_(left|right)<f16, \d+, \d+>>\(&[ab]Tile, (.*), (?:true|false), (\d+)\)/g,
    'load_$1($2, $3)',
  )
  .replaceAll(/subgroup_matrix_result<f\d+, \d+, \d+>/g, 'Result')
  .replaceAll('subgroupMatrixMultiplyAccumulate(', 'multiply(')
  .replaceAll(/subgroupMatrixStore\(&results, (.*), (.*), false, (\d+)\)/g, 'put_result($1, $2, $3, within)')}
fn load_left(offset: u32, stride: u32) -> Left {
  var x: Left;
  for (var i = 0u; i < ${M}; i++) { for (var k = 0u; k < ${K}; k++) { x[i * ${K} + k] = aTile[${left}]; } }
  return x;
}
fn load_right(offset: u32, stride: u32) -> Right {
  var x: Right;
  for (var k = 0u; k < ${K}; k++) { for (var j = 0u; j < ${N}; j++) { x[k * ${N} + j] = bTile[offset + k * stride + j]; } }
  return x;
}
fn multiply(a: Left, b: Right, c: Result) -> Result {
  var left = a;
  var right = b;
  var sums = c;
  for (var i = 0u; i < ${M}; i++) {
    for (var j = 0u; j < ${N}; j++) {
      for (var k = 0u; k < ${K}; k++) { sums[i * ${N} + j] += ${result}(left[i * ${K} + k]) * ${result}(right[k * ${N} + j]); }
    }
  }
  return sums;
}
fn put_result(offset: u32, c: Result, stride: u32, within: u32) {
  var x = c;
  if (within != 0) { return; }
  for (var i = 0u; i < ${M}; i++) { for (var j = 0u; j < ${N}; j++) { results[offset + i * stride + j] = x[i * ${N} + j]; } }
}`;
}

const configurations: readonly SubgroupMatrixConfiguration[] = [
  { result: 'f32', rows: 16, columns: 16, depth: 16, subgroupSize: 32 },
  { result: 'f32', rows: 16, columns: 8, depth: 8, subgroupSize: 32 },
  { result: 'f32', rows: 8, columns: 16, depth: 16, subgroupSize: 16 },
  { result: 'f16', rows: 8, columns: 8, depth: 8, subgroupSize: 32 },
  { result: 'f16', rows: 16, columns: 16, depth: 16, subgroupSize: 64 },
];

/** Dawn's compiler, where it is installed as a program. */
const hasTint = spawnSync('tint', ['--help']).error === undefined;

describe('the shader of subgroup matrices', () => {
  it.each(configurations)('cuts its tile into %j', (configuration) => {
    expect(fitsTile(configuration)).toBe(true);
  });

  it.skipIf(!hasTint).each(configurations)(
    'is accepted by the compiler for %j (skipped where there is no tint)',
    (configuration) => {
      const folder = mkdtempSync(join(tmpdir(), 'subgroup-matrix-'));
      try {
        for (const width of [1, 4] as const) {
          const options = {
            configuration,
            a: { along: 'depth', width, multiplied: false },
            b: { along: 'across', width, multiplied: true },
            epilogue: { width, scaled: true, bias: true, residual: true, activation: 'gelu', derivative: true },
            columnSums: true,
          } as const;
          const halves = ['a', 'multiplier', 'residual', 'y', 'derivative'].map((name): [string, Element] => [name, 'f16']);
          const elements = new Map<string, Element>([...halves, ['b', 'f32'], ['bias', 'f32'], ['columnSums', 'f32']]);
          const file = join(folder, `${width}.wgsl`);
          writeFileSync(file, shaderSource(matmulSubgroupMatrix, options, elements));
          execFileSync('tint', ['--format', 'wgsl', file], { stdio: 'pipe' });
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
