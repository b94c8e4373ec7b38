import { tidy, zeros } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { decaysByDefault } from './decays-by-default.ts';

it.each<[path: string, shape: number[], decays: boolean]>([
  ['image.blocks.3.attn.qkv.kernel', [4, 12], true],
  ['image.patchEmbed.kernel', [12, 4], true],
  ['text.tokenEmbedding', [9, 4], true],
  ['heads.cls.last.kernel', [4, 9], true],
  ['image.projection', [4, 4], true],
  ['image.blocks.3.attn.qkv.bias', [12], false],
  ['image.blocks.3.norm1.scale', [4], false],
  ['image.cls', [2, 4], false],
  ['image.maskToken', [4], false],
  ['image.position', [8, 8, 4], false],
  ['text.position', [7, 4], false],
  ['student.image.position', [8, 8, 4], false],
  ['cls', [2, 4], false],
  ['logitScale', [], false],
  ['adapter.bias', [2, 4], false],
  ['image.positional.kernel', [2, 4], true],
])('%s %j: %s', (path, shape, decays) => {
  tidy(() => {
    expect(decaysByDefault(path, zeros(shape))).toBe(decays);
  });
});
