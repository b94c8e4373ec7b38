import { mean, reshape, slice, type Tensor3D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@vitrail/checkpoints';
import { VitrailError } from '@vitrail/core';
import { layerNorm } from '@vitrail/ops';
import { applyEvaVit, type EvaVitConfig, type EvaVitParams } from '@vitrail/vit';
import type { ImageEncoder } from '../family.ts';
import { convolution, layerNormNaming, linearNaming, type Naming, same, sideBySide, transposed, under } from '../naming.ts';
import { requireReadout } from '../require-readout.ts';

/** Whose names a tower of EVA has: those of baaivision/EVA (EVA-CLIP, UTA) or of timm. */
export type EvaLibrary = 'eva' | 'timm';

const names = {
  eva: {
    queryBias: 'attn.q_bias',
    valueBias: 'attn.v_bias',
    innerNorm: 'attn.inner_attn_ln',
    gate: 'mlp.w1',
    value: 'mlp.w2',
    swigluOutput: 'mlp.w3',
    ffnNorm: 'mlp.ffn_ln',
  },
  timm: {
    queryBias: 'attn.q_proj.bias',
    valueBias: 'attn.v_proj.bias',
    innerNorm: 'attn.norm',
    gate: 'mlp.fc1_g',
    value: 'mlp.fc1_x',
    swigluOutput: 'mlp.fc2',
    ffnNorm: 'mlp.norm',
  },
} as const;

/** A tower of EVA in somebody's file. */
export type EvaLayout = {
  readonly tower: EvaVitConfig;
  readonly library: EvaLibrary;
  /** In front of every name: `visual.`, `visual.trunk.`, or nothing. */
  readonly prefix: string;
  /** Whether queries, keys and values are one tensor. */
  readonly isPacked: boolean;
  /** Whether gate and value of SwiGLU are one tensor, `mlp.fc1`: timm's Ti and S. */
  readonly isGatePacked: boolean;
  /** What stands for the picture: its CLS token, or the mean of its patches, where the norm is `fc_norm` and a head is a classifier. */
  readonly pooling: 'cls' | 'mean';
  /** Classes of the classifier. */
  readonly classes?: number;
};

/** Parts of blocks and towers that relatives of EVA have, by their names. */
const unsupported: readonly (readonly [part: RegExp, what: string])[] = [
  [/\.gamma_[12]$/, 'LayerScale'],
  [/rel_pos_bias|relative_position/, 'relative positions'],
  [/\.attn\.[qk]_norm\./, 'norms of queries and keys (q_norm)'],
  [/\.attn\.gate\./, 'gated attention'],
  [/^reg_token$/, 'registers'],
  [/^norm_pre\./, 'a norm before its blocks'],
  [/^attn_pool\./, 'attention pooling'],
  [/^rope\.freqs$/, 'learned rotary frequencies'],
  [/^(head_clip|out_norm)\./, 'a head of two layers'],
];

/**
 * The tower of EVA in these tensors, or `undefined` when they are none: it has queries and values with a bias, keys without,
 * and learned positions.
 *
 * That positions are rotary, on a grid of 16 x 16, is not written anywhere but follows from SwiGLU: all of EVA-02 and UTA, none
 * of EVA-01.
 *
 * @param heads number of attention heads where it is known; else that of the published tower of this width
 * @throws `invalid-argument` for relatives of EVA that compute otherwise
 */
export function readEvaLayout(
  tensors: Readonly<Record<string, TensorInfo>>,
  { library, prefix, heads }: { readonly library: EvaLibrary; readonly prefix: string; readonly heads?: number },
): EvaLayout | undefined {
  const shapeOf = (name: string): readonly number[] | undefined =>
    Object.hasOwn(tensors, prefix + name) ? tensors[prefix + name].shape : undefined;
  const ofBlock = (name: string) => shapeOf(`blocks.0.${name}`);
  const own = names[library];
  const [patches, positions] = [shapeOf('patch_embed.proj.weight'), shapeOf('pos_embed')];
  const isPacked = ofBlock('attn.qkv.weight') !== undefined && ofBlock('attn.q_bias') !== undefined;
  const isSeparate = ofBlock('attn.q_proj.weight') && ofBlock(own.queryBias) && !ofBlock('attn.k_proj.bias');
  if (!shapeOf('cls_token') || patches?.length !== 4 || positions?.length !== 3 || !(isPacked || isSeparate)) return undefined;
  const [width, , patchSize] = patches;
  const parts = Object.keys(tensors).filter((name) => name.startsWith(prefix));
  const found = unsupported.find(([part]) => parts.some((name) => part.test(name.slice(prefix.length))));
  if (found) throw refused(`one with ${found[1]}`);
  if (width === 1792) throw refused('EVA-02-CLIP-E, whose norms stand behind attention and MLP,');
  const side = Math.sqrt(positions[1] - 1);
  if (!Number.isInteger(side)) throw refused(`one with ${positions[1] - 1} patches, which are no square,`);
  const mlp = readMlp(ofBlock, library);
  const pooling = shapeOf('fc_norm.weight') ? 'mean' : 'cls';
  const outputs = shapeOf('head.weight')?.[0];
  return {
    tower: {
      imageSize: side * patchSize,
      patchSize,
      width,
      depth: parts.filter((name) => name.endsWith('.norm1.weight')).length,
      heads: heads ?? headsOf(width),
      mlp: mlp.config,
      ffnNorm: ofBlock(`${own.ffnNorm}.weight`) !== undefined,
      innerNorm: ofBlock(`${own.innerNorm}.weight`) !== undefined,
      ...(mlp.config.kind === 'swiglu' && { rotaryGrid: 16 }),
      ...(pooling === 'cls' && outputs !== undefined && { embedding: outputs }),
    },
    ...{ library, prefix, isPacked, isGatePacked: mlp.isGatePacked, pooling },
    ...(pooling === 'mean' && outputs !== undefined && { classes: outputs }),
  };
}

type Mlp = { readonly config: EvaVitConfig['mlp']; readonly isGatePacked: boolean };

function readMlp(ofBlock: (name: string) => readonly number[] | undefined, library: EvaLibrary): Mlp {
  const gate = ofBlock(`${names[library].gate}.weight`);
  if (gate) return { config: { kind: 'swiglu', hidden: gate[0] }, isGatePacked: false };
  const [first, second] = [ofBlock('mlp.fc1.weight'), ofBlock('mlp.fc2.weight')];
  if (!first || !second) throw refused('one without mlp.fc1 and mlp.fc2, or a gate of SwiGLU,');
  const hidden = second[1];
  const isGatePacked = first[0] === 2 * hidden;
  return { config: { kind: isGatePacked ? 'swiglu' : 'gelu', hidden }, isGatePacked };
}

/** Heads have 64 numbers, or the whole width where it is less, and 88 in the towers of width 1408. */
function headsOf(width: number): number {
  const heads = width === 1408 ? 16 : Math.max(1, width / 64);
  if (Number.isInteger(heads)) return heads;
  throw refused(`one of width ${width}, of which it is not known how many heads it has,`);
}

function refused(which: string): VitrailError {
  return new VitrailError(
    'invalid-argument',
    `of the towers of EVA, ${which} is not supported; those of EVA-01, EVA-02, EVA-CLIP up to g and UTA are`,
  );
}

/** Where the parameters of `evaVitShapes(layout.tower)` are in the file. */
export function evaNaming(layout: EvaLayout): Naming {
  const { tower, prefix, pooling } = layout;
  const { imageSize, patchSize, width, depth, embedding } = tower;
  const blocks = Array.from({ length: depth }, (_, i) => under(`blocks.${i}`, blockNaming(layout, `${prefix}blocks.${i}`)));
  return {
    'patchEmbed.kernel': convolution(`${prefix}patch_embed.proj.weight`, patchSize, width),
    'patchEmbed.bias': same(`${prefix}patch_embed.proj.bias`, [width]),
    cls: same(`${prefix}cls_token`, [1, 1, width]),
    position: same(`${prefix}pos_embed`, [1, 1 + (imageSize / patchSize) ** 2, width]),
    ...Object.assign({}, ...blocks),
    ...under('norm', layerNormNaming(`${prefix}${pooling === 'mean' ? 'fc_norm' : 'norm'}`, width)),
    ...(embedding !== undefined && under('head', linearNaming(`${prefix}head`, width, embedding))),
  };
}

function blockNaming({ tower, library, isPacked, isGatePacked }: EvaLayout, block: string): Naming {
  const { width, mlp, ffnNorm, innerNorm } = tower;
  const own = names[library];
  const project = (part: string) => ({ entry: transposed(`${block}.attn.${part}_proj.weight`, width, width), columns: width });
  return {
    ...under('norm1', layerNormNaming(`${block}.norm1`, width)),
    'attn.qkv.kernel': isPacked
      ? transposed(`${block}.attn.qkv.weight`, width, 3 * width)
      : sideBySide(['q', 'k', 'v'].map(project)),
    'attn.query.bias': same(`${block}.${isPacked ? 'attn.q_bias' : own.queryBias}`, [width]),
    'attn.value.bias': same(`${block}.${isPacked ? 'attn.v_bias' : own.valueBias}`, [width]),
    ...(innerNorm && under('attn.norm', layerNormNaming(`${block}.${own.innerNorm}`, width))),
    ...under('attn.proj', linearNaming(`${block}.attn.proj`, width, width)),
    ...under('norm2', layerNormNaming(`${block}.norm2`, width)),
    ...(mlp.kind === 'gelu'
      ? under('mlp.fc1', linearNaming(`${block}.mlp.fc1`, width, mlp.hidden))
      : under('mlp.w12', gateNaming(block, own, { width, hidden: mlp.hidden, isGatePacked }))),
    ...(ffnNorm && under('mlp.norm', layerNormNaming(`${block}.${own.ffnNorm}`, mlp.hidden))),
    ...(mlp.kind === 'gelu'
      ? under('mlp.fc2', linearNaming(`${block}.mlp.fc2`, mlp.hidden, width))
      : under('mlp.w3', linearNaming(`${block}.${own.swigluOutput}`, mlp.hidden, width))),
  };
}

/** Gate, then value. */
function gateNaming(
  block: string,
  { gate, value }: (typeof names)[EvaLibrary],
  { width, hidden, isGatePacked }: { readonly width: number; readonly hidden: number; readonly isGatePacked: boolean },
): Naming {
  if (isGatePacked) return linearNaming(`${block}.mlp.fc1`, width, 2 * hidden);
  const both = [gate, value].map((layer) => linearNaming(`${block}.${layer}`, width, hidden));
  const joined = (part: 'kernel' | 'bias') => sideBySide(both.map((naming) => ({ entry: naming[part], columns: hidden })));
  return { kernel: joined('kernel'), bias: joined('bias') };
}

/**
 * The tower as an encoder: `cls` and `patches` are norm and head of the CLS token and of each patch.
 *
 * With mean pooling `cls` is the norm of the mean of all patches, which is what a classifier reads, and `patches` the same norm
 * of each.
 */
export function evaEncoder(
  family: string,
  { tower, pooling }: Pick<EvaLayout, 'tower' | 'pooling'>,
  params: EvaVitParams,
): ImageEncoder {
  return {
    imageSize: tower.imageSize,
    patchSize: tower.patchSize,
    readouts: ['tokens'],
    encode: (images: Tensor4D, readout) => {
      requireReadout(family, readout);
      return tidy(() => {
        const { cls, patches, tokens, grid } = applyEvaVit(tower, params, images);
        const [batch, , length] = patches.shape;
        const read = pooling === 'cls' ? cls : (layerNorm(meanOfPatches(tokens), params.norm, tower.epsilon) as Tensor3D);
        return { cls: read, patches: reshape(patches, [batch, grid.rows, grid.columns, length]) };
      });
    },
  };
}

/** `[B, 1 + N, D] -> [B, 1, D]`. */
function meanOfPatches(tokens: Tensor3D): Tensor3D {
  const [batch, all, width] = tokens.shape;
  return mean(slice(tokens, [0, 1, 0], [batch, all - 1, width]), 1, true);
}
