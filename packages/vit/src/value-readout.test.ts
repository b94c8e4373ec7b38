import type { Tensor3D } from '@tensorflow/tfjs-core';
import { mul, tidy } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import { expectClose, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { applyBlock, initBlock } from './block.ts';
import { readValues } from './value-readout.ts';

onBackend(['cpu', 'wasm'], () => {
  it.each([undefined, 0.3])(
    'is the block itself for a single token, which can only attend to itself (LayerScale: %s)',
    (layerScale) => {
      tidy(() => {
        const config = { width: 8, heads: 2, mlp: { kind: 'gelu', hidden: 12 }, layerScale } as const;
        const params = initBlock(config, createRng(2));
        const scales = layerScale === undefined ? {} : { ls1: mul(sampleTensor([8], 1), 2), ls2: mul(sampleTensor([8], 2), 2) };
        const token = sampleTensor([3, 1, 8]) as Tensor3D;
        const block = applyBlock(config, { ...params, ...scales }, token);
        expectClose(readValues(config, { ...params, ...scales }, token, 'value'), block, 1e-5);
        expect(Object.keys(params).includes('ls1')).toBe(layerScale !== undefined);
      });
    },
  );
});
