import { describe } from 'vitest';
import { attentionContract } from '../../test/attention-contract.ts';
import { onWebGpu } from '../../test/on-webgpu.ts';

describe('attention', { timeout: 240_000 }, () => {
  onWebGpu(attentionContract);
});
