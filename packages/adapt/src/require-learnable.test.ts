import { zeros, zerosLike } from '@tensorflow/tfjs-core';
import { createRng, disposeTree, mapTree } from '@vitrail/core';
import { onBackend } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { initAdaLink } from './ada-link.ts';
import { initLora } from './lora.ts';
import { requireLearnable } from './require-learnable.ts';

onBackend(['cpu', 'wasm'], () => {
  it('lets fresh weights pass and names a pair that is all zero', async () => {
    const tower = { attn: { qkv: { kernel: zeros([4, 12]) } }, down: zeros([3]) };
    const tuned = {
      ...initAdaLink({ widths: { text: 4 }, rank: 2 }, createRng(0)),
      ...initLora({ rank: 2 }, { tower }, createRng(0)),
      tower,
    };
    await requireLearnable(tuned);
    const dead = mapTree(tuned, (leaf) => zerosLike(leaf));
    await expect(requireLearnable({ adalink: dead.adalink })).rejects.toThrow(
      'adalink.text.down and adalink.text.up are both zero, so neither would ever get a gradient: start with a fresh adalink.text.down',
    );
    await expect(requireLearnable({ lora: dead.lora })).rejects.toThrow(
      'kernel.q.a and lora.tower.attn.qkv.kernel.q.b are both zero',
    );
    disposeTree(tuned, dead);
  });
});
