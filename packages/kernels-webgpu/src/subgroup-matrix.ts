import type { Device } from './device.ts';
import { fitsTile, type SubgroupMatrixConfiguration } from './shaders/matmul-subgroup-matrix.ts';

const FEATURES = ['chromium-experimental-subgroup-matrix', 'subgroups', 'shader-f16'];

/** What an adapter of Dawn reports beside the standard's. */
type ReportedInfo = GPUAdapterInfo & {
  readonly subgroupMatrixConfigs?: readonly {
    readonly componentType: string;
    readonly resultComponentType: string;
    readonly M: number;
    readonly N: number;
    readonly K: number;
  }[];
};

/**
 * The configuration that products of halves can use on a device, of those that its adapter reports: sums in float32 before sums in float16,
 * then the largest matrices. `undefined` where the device lacks a feature, none fits, or the size of its subgroups is not known:
 * it has to be one size, or the adapter Apple's (32, though it reports 4 to 64).
 */
export function subgroupMatrixConfiguration({ backend: { device } }: Device): SubgroupMatrixConfiguration | undefined {
  if (!FEATURES.every((feature) => device.features.has(feature))) return undefined;
  const { subgroupMatrixConfigs = [], subgroupMinSize, subgroupMaxSize, vendor } = device.adapterInfo as ReportedInfo;
  const subgroupSize = vendor === 'apple' ? 32 : subgroupMinSize === subgroupMaxSize ? subgroupMinSize : undefined;
  if (subgroupSize === undefined) return undefined;
  const preference = ({ result, rows, columns, depth }: SubgroupMatrixConfiguration) =>
    (result === 'f32' ? 1e9 : 0) + rows * columns * depth;
  return subgroupMatrixConfigs
    .filter(({ componentType }) => componentType === 'f16')
    .flatMap(({ resultComponentType: result, M, N, K }): SubgroupMatrixConfiguration[] =>
      result === 'f32' || result === 'f16' ? [{ result, rows: M, columns: N, depth: K, subgroupSize }] : [],
    )
    .filter(fitsTile)
    .sort((one, other) => preference(other) - preference(one))[0];
}

/** Devices whose products use subgroup matrices. */
const inUse = new WeakMap<Device, SubgroupMatrixConfiguration>();

/** The configuration that products of halves use on a device: none before {@link setSubgroupMatrix}. */
export function subgroupMatrixInUse(device: Device): SubgroupMatrixConfiguration | undefined {
  return inUse.get(device);
}

/** Products of halves use this configuration from now on, or the float32 kernel. */
export function setSubgroupMatrix(device: Device, configuration: SubgroupMatrixConfiguration | undefined): void {
  if (configuration === undefined) inUse.delete(device);
  else inUse.set(device, configuration);
}
