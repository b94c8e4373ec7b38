/** What a GPU adapter tells of itself, as plain data: a `GPUAdapter` is one, and so is what another process says of its own. */
export type AdapterFacts = {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter: boolean;
  };
  readonly features: Iterable<string>;
  readonly limits: Readonly<Record<AdapterLimit, number>>;
};

/** Features that are asked for where the adapter has them, and what is missed where it does not. */
export const adapterFeatures = {
  'shader-f16': 'precision f16 needs it, and a newer driver may have it',
  subgroups: 'the kernels do without',
  'timestamp-query': 'single kernels cannot be timed',
} as const;

/** A feature of Chrome's WebGPU that is no part of the standard yet. Dawn offers it with `allow_unsafe_apis` only. */
export const unsafeFeature = 'chromium-experimental-subgroup-matrix';

/** Limits that are asked for up to what the adapter has: a device has the defaults otherwise, of 128 MiB for a tensor. */
export const adapterLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** One of {@link adapterLimits}. */
export type AdapterLimit = (typeof adapterLimits)[number];

/** Whether an adapter computes on the processor (SwiftShader, lavapipe, WARP). */
export function isSoftwareAdapter({ info }: Pick<AdapterFacts, 'info'>): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.architecture} ${info.description}`);
}

/** The adapter in words: its name, whose it is, and its driver, as far as it tells. */
export function describeAdapter({ info }: Pick<AdapterFacts, 'info'>): string {
  const words = [info.device, info.vendor, info.architecture, info.description].filter((word) => word !== '');
  return [...new Set(words)].join(', ') || 'a GPU without a name';
}

/** An adapter as `vitrail doctor` prints it. */
export type AdapterDescription = {
  vendor: string;
  architecture: string;
  device: string;
  /** Name and version of the driver, as far as it tells. */
  description: string;
  software: boolean;
  /** By the name of the feature `yes`, or `no: ` and what is missed without it. */
  features: Record<string, string>;
  /** In bytes, or counts, as WebGPU defines them. */
  limits: Record<AdapterLimit, number>;
};

/**
 * Everything about an adapter that matters here.
 *
 * @param adapter looked for with `unsafe`, so that it shows what it has
 */
export function describeAdapterFully(adapter: AdapterFacts): AdapterDescription {
  const { vendor, architecture, device, description } = adapter.info;
  const has = new Set(adapter.features);
  const features: Record<string, string> = Object.fromEntries(
    Object.entries(adapterFeatures).map(([name, loss]) => [name, has.has(name) ? 'yes' : `no: ${loss}`]),
  );
  features[unsafeFeature] = has.has(unsafeFeature)
    ? 'yes, where asked for (--unsafe-webgpu): it is no part of WebGPU yet'
    : 'no: matrices are multiplied by the kernels that run everywhere';
  const limits = Object.fromEntries(adapterLimits.map((name) => [name, adapter.limits[name]])) as Record<AdapterLimit, number>;
  return { vendor, architecture, device, description, software: isSoftwareAdapter(adapter), features, limits };
}
