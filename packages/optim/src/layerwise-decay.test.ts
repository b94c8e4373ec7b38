import { expectClose } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { layerwiseDecay } from './layerwise-decay.ts';

/** The scale of every layer of a tower, from its input to its last norm. */
function layers(depth: number, decay: number): number[] {
  const scale = layerwiseDecay({ image: { depth, decay } });
  const blocks = Array.from({ length: depth }, (_, k) => scale(`image.blocks.${k}.mlp.fc1.kernel`));
  return [scale('image.patchEmbed.kernel'), ...blocks, scale('image.norm.scale')];
}

it('gives the rates of EVA-CLIP B: depth 12, decay 0.75', () => {
  const expected = [
    0.023757, 0.031676, 0.042235, 0.056314, 0.075085, 0.100113, 0.133484, 0.177979, 0.237305, 0.316406, 0.421875, 0.5625, 0.75, 1,
  ];
  expectClose(layers(12, 0.75), expected, 5e-7);
});

it('gives the rates of EVA-CLIP L: depth 24, decay 0.85', () => {
  const scales = layers(24, 0.85);
  expect(scales).toHaveLength(26);
  expectClose(scales.slice(0, 2), [0.017198, 0.020233], 5e-7);
  expectClose(scales.slice(-3), [0.7225, 0.85, 1], 1e-12);
});

it('counts embeddings, positions and tokens as layer 0, and all else outside the blocks as the last', () => {
  const scale = layerwiseDecay({ image: { depth: 2, decay: 0.1 }, text: { depth: 1, decay: 0.5 } });
  for (const name of ['patchEmbed.bias', 'position', 'cls', 'maskToken']) expect(scale(`image.${name}`)).toBeCloseTo(1e-3, 12);
  for (const name of ['norm.bias', 'normPost.scale', 'projection']) expect(scale(`image.${name}`)).toBe(1);
  expect(scale('text.tokenEmbedding')).toBe(0.25);
  expect(scale('text.position')).toBe(0.25);
  expect(scale('text.blocks.0.attn.qkv.kernel')).toBe(0.5);
});

it('gives the rates of DINOv2 S with registers: depth 12, decay 0.9', () => {
  // `get_vit_lr_decay_rate` of its `dinov2/utils/param_groups.py`.
  const expected = { registers: 0.254187, cls: 0.254187, 'blocks.0.ls1': 0.28243, 'blocks.11.ls2': 0.9, 'norm.scale': 1 };
  const scale = layerwiseDecay({ image: { depth: 12, decay: 0.9 } });
  for (const [name, rate] of Object.entries(expected)) expect(scale(`image.${name}`), name).toBeCloseTo(rate, 6);
});

it('gives each tower its own rate, and leaves alone what lies outside', () => {
  const scale = layerwiseDecay({
    image: { depth: 12, decay: 0.75, rateScale: 0.4 },
    text: { depth: 12, decay: 0.75, rateScale: 0.04 },
    'student.image': { depth: 2, decay: 0.5 },
  });
  expect(scale('image.norm.scale')).toBe(0.4);
  expect(scale('image.blocks.11.norm1.scale')).toBeCloseTo(0.3, 12);
  expect(scale('text.norm.scale')).toBe(0.04);
  expect(scale('student.image.cls')).toBe(0.125);
  expect(scale('logitScale')).toBe(1);
  expect(scale('heads.image.kernel')).toBe(1);
  expect(scale('imagery.cls')).toBe(1);
});

it('refuses blocks that are not there, and settings that cannot be', () => {
  const scale = layerwiseDecay({ image: { depth: 2, decay: 0.5 } });
  expect(() => scale('image.blocks.2.norm1.scale')).toThrow('is not in one of the 2 blocks that image.depth promises');
  expect(() => scale('image.blocks.first.norm1.scale')).toThrow('"image.blocks.first.norm1.scale" is not in one of the 2 blocks');
  expect(() => layerwiseDecay({ image: { depth: 0, decay: 0.5 } })).toThrow(
    'image.depth is a whole number of at least 1, but 0 came',
  );
  expect(() => layerwiseDecay({ image: { depth: 2, decay: 0 } })).toThrow('image.decay is a number above 0, but 0 came');
  expect(() => layerwiseDecay({ image: { depth: 2, decay: 1, rateScale: -1 } })).toThrow('image.rateScale');
});
