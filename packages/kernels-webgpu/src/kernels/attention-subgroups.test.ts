import { tidy } from '@tensorflow/tfjs-core';
import { attention } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { attentionContract } from '../../test/attention-contract.ts';
import { devices, onWebGpu } from '../../test/on-webgpu.ts';
import { withTile } from '../../test/product-bench.ts';
import { profileWebGpuKernels } from '../register-webgpu-kernels.ts';
import { setProductTuning } from '../tuning.ts';

const { device, info } = devices.f16 ?? {};
const lanes = info?.subgroupMinSize ?? 0;

// On the device with halves alone, which is lavapipe's where there is no GPU: SwiftShader takes gigabytes to compile them.
describe.runIf([4, 8, 16].includes(lanes))('attention by subgroups', { timeout: 240_000 }, () => {
  onWebGpu(
    (expectAsOnCpu, precision) => {
      beforeAll(() => setProductTuning(device as GPUDevice, withTile({ lanes, rows: lanes, columns: 4 * lanes, depth: 4 })));

      it('is what runs', async () => {
        const stop = profileWebGpuKernels();
        tidy(() => void attention(sampleTensor([1, 3, 48]), { heads: 1 }));
        expect((await stop()).map(({ kernel }) => kernel)).toContain('attentionBySubgroups');
      });

      attentionContract(expectAsOnCpu, precision);
    },
    { precisions: ['f16'] },
  );
});
