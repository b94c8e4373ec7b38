import { VitrailError } from '@vitrail/core';
import { type Dinov2Config, dinov2Shapes, initDinov2 } from '@vitrail/vit';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { convolution, layerNormNaming, linearNaming, type Naming, same, under } from '../naming.ts';
import { dinov2Encoders, dinov2Preparation } from './dinov2-tower.ts';

/** A state dict of facebookresearch/dinov2. */
export type Dinov2OfficialConfig = {
  readonly tower: Dinov2Config;
  /** In front of every name: `''` in released weights; `backbone.` in the teacher that training writes. */
  readonly prefix: string;
  /** The name of each block: `blocks.5`, or `blocks.1.5` where training had cut the blocks into chunks. */
  readonly blocks: readonly string[];
};

/** In all sizes, and nowhere in the weights. */
const HEAD_SIZE = 64;

/**
 * DINOv2, with and without registers, as its authors publish it: `dinov2_vitb14_pretrain.pth`, `dinov2_vitb14_reg4_pretrain.pth`, and the
 * teacher's backbone in what training writes, `teacher_checkpoint.pth`, whose heads are not loaded.
 *
 * Nothing but names and shapes tells such a file. TIPS' PyTorch weights have the same names, and one register; so they are not these.
 */
export const dinov2Official: ModelFamily<Dinov2OfficialConfig> = {
  name: 'dinov2 (facebookresearch)',
  recognise,
  shapes: ({ tower }) => dinov2Shapes(tower),
  naming,
  ignored: ['dino_head.**', 'ibot_head.**'],
  init: ({ tower }, rng) => initDinov2(tower, rng),
  encoders: ({ tower }, params) => dinov2Encoders(dinov2Official.name, tower, params),
  preparation: () => dinov2Preparation,
};

function recognise({ config, tensors }: ModelHeader): Dinov2OfficialConfig | undefined {
  if (config !== undefined) return undefined;
  const prefix = ['', 'backbone.'].find((candidate) => Object.hasOwn(tensors, `${candidate}mask_token`));
  if (prefix === undefined) return undefined;
  const shapeOf = (name: string) => tensors[`${prefix}${name}`]?.shape;
  const [patches, positions, registers] = ['patch_embed.proj.weight', 'pos_embed', 'register_tokens'].map(shapeOf);
  const blocks = blockNames(Object.keys(tensors), prefix);
  if (patches === undefined || positions === undefined || registers?.[1] === 1 || blocks.length === 0) return undefined;
  const [width, , patchSize] = patches;
  const side = Math.sqrt(positions[1] - 1);
  if (!Number.isInteger(side)) {
    throw new VitrailError(
      'invalid-argument',
      `${dinov2Official.name}: positions are those of a CLS token and of a square of patches, but there are ${positions[1]}`,
    );
  }
  if (width % HEAD_SIZE !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `${dinov2Official.name}: heads are ${HEAD_SIZE} wide, so the width is a multiple of that, but it is ${width}`,
    );
  }
  const gated = shapeOf(`${blocks[0]}.mlp.w3.weight`);
  const plain = shapeOf(`${blocks[0]}.mlp.fc2.weight`);
  const tower: Dinov2Config = {
    imageSize: side * patchSize,
    patchSize,
    width,
    depth: blocks.length,
    heads: width / HEAD_SIZE,
    mlp: gated ? { kind: 'swiglu', hidden: gated[1] } : { kind: 'gelu', hidden: plain?.[1] ?? 4 * width },
    registers: registers?.[1] ?? 0,
    layerScale: 1e-5,
    maskToken: true,
    // As the hub's entries for the released weights have it: with registers they were trained with anti-aliasing.
    resizing: registers ? 'antialiased' : 'offset',
  };
  return { tower, prefix, blocks };
}

/** The names of blocks, without the prefix, in their order: their last number counts them, also in chunks. */
function blockNames(names: readonly string[], prefix: string): string[] {
  const found = names.flatMap((name) => {
    const match = name.startsWith(prefix) && /^(blocks(?:\.\d+)?\.(\d+))\.ls1\.gamma$/.exec(name.slice(prefix.length));
    return match ? [{ block: match[1], index: Number(match[2]) }] : [];
  });
  return found.sort((a, b) => a.index - b.index).map(({ block }) => block);
}

function naming({ tower, prefix, blocks }: Dinov2OfficialConfig): Naming {
  const { patchSize, imageSize, width, registers } = tower;
  return {
    'patchEmbed.kernel': convolution(`${prefix}patch_embed.proj.weight`, patchSize, width),
    'patchEmbed.bias': same(`${prefix}patch_embed.proj.bias`, [width]),
    cls: same(`${prefix}cls_token`, [1, 1, width]),
    position: same(`${prefix}pos_embed`, [1, 1 + (imageSize / patchSize) ** 2, width]),
    ...(registers > 0 && { registers: same(`${prefix}register_tokens`, [1, registers, width]) }),
    maskToken: same(`${prefix}mask_token`, [1, width]),
    ...Object.assign({}, ...blocks.map((block, i) => blockNaming(tower, i, `${prefix}${block}`))),
    ...under('norm', layerNormNaming(`${prefix}norm`, width)),
  };
}

function blockNaming({ width, mlp: { kind, hidden } }: Dinov2Config, index: number, block: string): Naming {
  const [first, second] = kind === 'swiglu' ? ['w12', 'w3'] : ['fc1', 'fc2'];
  return under(`blocks.${index}`, {
    ...under('norm1', layerNormNaming(`${block}.norm1`, width)),
    ...under('attn.qkv', linearNaming(`${block}.attn.qkv`, width, 3 * width)),
    ...under('attn.proj', linearNaming(`${block}.attn.proj`, width, width)),
    ls1: same(`${block}.ls1.gamma`, [width]),
    ...under('norm2', layerNormNaming(`${block}.norm2`, width)),
    ...under(`mlp.${first}`, linearNaming(`${block}.mlp.${first}`, width, kind === 'swiglu' ? 2 * hidden : hidden)),
    ...under(`mlp.${second}`, linearNaming(`${block}.mlp.${second}`, hidden, width)),
    ls2: same(`${block}.ls2.gamma`, [width]),
  });
}
