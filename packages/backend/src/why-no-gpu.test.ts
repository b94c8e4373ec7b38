import { describe, expect, it } from 'vitest';
import { whyNoGpu } from './why-no-gpu.ts';

describe('whyNoGpu', () => {
  const build = { isCudaBuild: true, hasDriver: true, log: '' };

  it('names what stands in the way first: the build, then the driver, then what TensorFlow says', () => {
    expect(whyNoGpu({ isCudaBuild: false, hasDriver: false, log: '' })).toMatchObject({
      reason: expect.stringContaining('without CUDA'),
      howToGet: expect.stringContaining('tensorflow[and-cuda]'),
    });
    expect(whyNoGpu({ ...build, hasDriver: false }).reason).toContain('no NVIDIA driver');
  });

  it("passes on TensorFlow's own sentence about its GPU libraries", () => {
    const log = [
      'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
      'I0000 00:00:1.0 1 port.cc:153] oneDNN custom operations are on.',
      'W0000 00:00:1.0 1 gpu_device.cc:2342] Cannot dlopen some GPU libraries. Please make sure the missing libraries are installed.',
      'Skipping registering GPU devices...',
    ].join('\n');
    expect(whyNoGpu({ ...build, log }).reason).toBe(
      'Cannot dlopen some GPU libraries. Please make sure the missing libraries are installed.',
    );
  });

  it('does not invent a reason', () => {
    expect(whyNoGpu(build).reason).toContain('does not say why');
  });
});
