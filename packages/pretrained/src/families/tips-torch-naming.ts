import type { TextConfig } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';
import { convolution, type Entry, layerNormNaming, linearNaming, type Naming, same, under } from '../naming.ts';
import { residualBlocksNaming } from '../residual-blocks-naming.ts';

/** Names of the two layers of a plain MLP, and what is in front of every name. */
export type TipsTorchNames = { readonly prefix: string; readonly mlp: readonly [string, string] };

/**
 * Where the parameters of `vitShapes(config)` are in weights of TIPS' PyTorch code.
 *
 * Its position table has one more row than there are patches, which is added to the first CLS token. It has no other effect, so it goes into
 * that token when it is read, and is zero when it is written: weights that had another there are equal in what they compute, not in their bits.
 */
export function tipsTorchVision(config: VitConfig, { prefix, mlp }: TipsTorchNames): Naming {
  const { patchSize, positionGrid, width, depth, maskToken } = config;
  const positions = { name: `${prefix}pos_embed`, rows: 1 + positionGrid ** 2, width };
  return {
    'patchEmbed.kernel': convolution(`${prefix}patch_embed.proj.weight`, patchSize, width),
    'patchEmbed.bias': same(`${prefix}patch_embed.proj.bias`, [width]),
    position: patchPositions(positions),
    cls: clsTokens(`${prefix}cls_token`, `${prefix}register_tokens`, positions),
    ...(maskToken && { maskToken: same(`${prefix}mask_token`, [1, width]) }),
    ...Object.assign({}, ...Array.from({ length: depth }, (_, i) => visionBlock(config, i, prefix, mlp))),
    ...under('norm', layerNormNaming(`${prefix}norm`, width)),
  };
}

/** Where the parameters of `textShapes(config)` are. */
export function tipsTorchText({ vocabularySize, width, depth, mlpHidden }: TextConfig, prefix: string): Naming {
  return {
    tokenEmbedding: same(`${prefix}token_embedding.weight`, [vocabularySize, width]),
    ...residualBlocksNaming(`${prefix}transformer.resblocks`, { depth, width, mlpHidden }),
    ...under('norm', layerNormNaming(`${prefix}ln_final`, width)),
  };
}

function visionBlock(config: VitConfig, index: number, prefix: string, plain: readonly [string, string]): Naming {
  const { width, layerScale } = config;
  const { kind, hidden } = config.mlp;
  const block = `${prefix}blocks.${index}`;
  const mlp =
    kind === 'swiglu'
      ? {
          ...under('w12', linearNaming(`${block}.mlp.w12`, width, 2 * hidden)),
          ...under('w3', linearNaming(`${block}.mlp.w3`, hidden, width)),
        }
      : {
          ...under('fc1', linearNaming(`${block}.mlp.${plain[0]}`, width, hidden)),
          ...under('fc2', linearNaming(`${block}.mlp.${plain[1]}`, hidden, width)),
        };
  return under(`blocks.${index}`, {
    ...under('norm1', layerNormNaming(`${block}.norm1`, width)),
    ...under('attn.qkv', linearNaming(`${block}.attn.qkv`, width, 3 * width)),
    ...under('attn.proj', linearNaming(`${block}.attn.proj`, width, width)),
    ...under('norm2', layerNormNaming(`${block}.norm2`, width)),
    ...under('mlp', mlp),
    ...(layerScale !== undefined && {
      ls1: same(`${block}.ls1.gamma`, [width]),
      ls2: same(`${block}.ls2.gamma`, [width]),
    }),
  });
}

type Positions = { readonly name: string; readonly rows: number; readonly width: number };

/** All rows of the table but the first. */
function patchPositions({ name, rows, width }: Positions): Entry {
  return {
    tensors: { [name]: [1, rows, width] },
    load: (read) => read(name).subarray(width),
    save: (values) => {
      const table = new Float32Array(rows * width);
      table.set(values, width);
      return { [name]: table };
    },
  };
}

/** Two rows: the CLS token with its position, and the register, which has none. */
function clsTokens(cls: string, register: string, { name, rows, width }: Positions): Entry {
  return {
    tensors: { [cls]: [1, 1, width], [register]: [1, 1, width], [name]: [1, rows, width] },
    load: (read) => {
      const position = read(name);
      const placed = read(cls).map((value, i) => value + position[i]);
      return Float32Array.of(...placed, ...read(register));
    },
    save: (values) => ({ [cls]: values.slice(0, width), [register]: values.slice(width) }),
  };
}
