import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../test/on-webgpu.ts';
import { Device } from './device.ts';
import { product } from './kernels/product.ts';
import { type Element, shaderSource } from './shader.ts';
import { sumOfTerms } from './shaders/elementwise.ts';
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

describe('the verification of subgroup matrices', { timeout: 300_000 }, () => {
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

    // Products that are wrong must not be used, however little. A driver in software takes a minute to compile them, so there are only numbers.
    inHalves('looks at numbers: one product of many with one number that is off by a hundredth is seen', async () => {
      const real = new Device(currentWebGpuBackend(), precision);
      const claiming = claimingDevice(real, reported('f16', 'f32', 16, 16, 16));
      let count = 0;
      const off = (which: number): typeof product => {
        count = 0;
        return (_, _a, _b, c, { rows, columns }, { subgroupMatrix, activation, columnSums } = {}) => {
          const isWrong = subgroupMatrix !== false && count++ === which;
          for (const [y, size] of [
            [c.values, rows * columns],
            [activation?.derivative, rows * columns],
            [columnSums, columns],
          ] as const) {
            if (y === undefined) continue;
            const x0 = real.upload(Float32Array.from({ length: size }, (__, i) => (isWrong && i === 17 ? 1.01 : 1)));
            real.launch(sumOfTerms, { terms: 1, width: 1 }, { x0, y }, { count: size }, Math.ceil(size / 256));
          }
        };
      };
      expect(await verifySubgroupMatrix(claiming, off(-1))).toBe(true);
      const products = count;
      // One of halves, and the last: of halves with float32 weights.
      for (const which of [0, products - 1]) expect(await verifySubgroupMatrix(claiming, off(which)), `${which}`).toBe(false);
      real.throwErrors();
    });

    // A stand-in for the hardware that is missing here. One product only: a driver in software takes up to a minute to compile it.
    inHalves('is of a shader that is right, but for the matrix builtins, which are imitated here', async () => {
      const real = new Device(currentWebGpuBackend(), precision);
      const config = reported('f16', 'f16', 16, 16, 16);
      const imitating = claimingDevice(real, config, imitation(config));
      const [rows, columns, depth] = [80, 96, 288];
      const [a, b] = [
        [rows, depth],
        [depth, columns],
      ].map((shape) => real.activation(shape));
      for (const [tensor, seed] of [
        [a, 1],
        [b, 2],
      ] as const) {
        const count = tensor.shape[0] * tensor.shape[1];
        const values = real.upload(Float32Array.from({ length: count }, (_, i) => Math.sin((i * (seed + 1) + seed) ** 1.5)));
        real.launch(sumOfTerms, { terms: 1, width: 1 }, { x0: values, y: tensor }, { count }, Math.ceil(count / 256));
      }
      const results = [subgroupMatrixConfiguration(imitating), false as const].map((subgroupMatrix) => {
        const [c, columnSums] = [real.output([rows, columns]), real.output([columns])];
        product(imitating, { values: a }, { values: b }, { values: c }, { rows, columns, depth }, { columnSums, subgroupMatrix });
        return [c, columnSums];
      });
      const read = ({ dataId }: TensorInfo) => real.backend.read(dataId) as Promise<Float32Array>;
      for (const output of [0, 1]) {
        const [actual, expected] = await Promise.all(results.map((result) => read(result[output])));
        // Two float16 numbers of this size differ by 1/2048 of it; the sum of 128 products is rounded 128 times.
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        const far = expected.findIndex((value, i) => !(Math.abs(actual[i] - value) <= 5e-3 * largest));
        expect(far, `output ${output}: ${actual[far]} instead of ${expected[far]}, of at most ${largest}`).toBe(-1);
      }
    });
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
    const instead = {
      ...shader,
      name: `${shader.name}, imitated`,
      code: (of: typeof options) => imitate?.(shader.code(of)) ?? '',
    };
    real.launch(imitates ? instead : shader, options, ...others);
  };
  return view(real, { launch, backend: view(real.backend, { device: view(gpu, claims) }) });
}

/** Puts functions in place of the matrix builtins: a lane of the 8 computes every eighth element, from workgroup memory. */
function imitation({ M, N, K, resultComponentType: result }: Reported): (code: string) => string {
  return (code) => `
// Bounds of loops that compilers do not know keep them from unrolling: u.tile_depth is 32.
// subgroupImitation: the source enables subgroups where it finds such a name.
const N = ${N}u;
alias Result = array<${result}, ${(M * N) / 8}>;
${code
  .replaceAll(
    /subgroupMatrixLoad<subgroup_matrix_(?:left|right)<f16, \d+, \d+>>\(&[ab]Tile, (.*), (?:true|false), (\d+)\)/g,
    'vec2u($1, $2)',
  )
  .replaceAll(/subgroup_matrix_result<f\d+, \d+, \d+>/g, 'Result')
  .replaceAll(/subgroupMatrixMultiplyAccumulate\((.*), (.*), (.*)\)/g, 'multiply($1, $2, $3, within)')
  .replaceAll(/subgroupMatrixStore\(&results, (.*), (.*), false, \d+\)/g, 'put_result($1, $2, within)')}
fn multiply(a: vec2u, b: vec2u, c: Result, within: u32) -> Result {
  var sums = c;
  for (var n = 0u; n < u.tile_depth * ${(M * N) / 8} / 32; n++) {
    let at = 8 * n + within;
    for (var k = 0u; k < u.tile_depth * ${K} / 32; k++) { sums[n] += ${result}(aTile[a.x + k * a.y + at / N]) * ${result}(bTile[b.x + k * b.y + at % N]); }
  }
  return sums;
}
fn put_result(offset: u32, c: Result, within: u32) {
  var sums = c;
  for (var n = 0u; n < u.tile_depth * ${(M * N) / 8} / 32; n++) { results[offset + 8 * n + within] = sums[n]; }
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
