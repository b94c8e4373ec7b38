/** Whether an adapter computes on the processor (SwiftShader, lavapipe, WARP). */
export function isSoftwareAdapter({ info }: GPUAdapter): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.architecture} ${info.description}`);
}

/** The adapter in words: device, architecture, driver, as far as it tells. */
export function describeAdapter({ info }: GPUAdapter): string {
  const words = [info.device, info.vendor, info.architecture, info.description].filter(Boolean);
  return [...new Set(words)].join(', ') || 'a GPU without a name';
}
