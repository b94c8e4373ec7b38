import { add, concat, type Rank, reshape, split, type Tensor, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  filled,
  initParameters,
  layerNormShapes,
  linearShapes,
  normal,
  type ParameterShapes,
  type Rng,
  truncatedNormal,
  xavierUniform,
} from '@vitrail/core';
import { type LayerNormParams, type LinearParams, layerNorm, linear, putTokens, repeatForBatch } from '@vitrail/ops';
import {
  applyBlock,
  type BlockConfig,
  type BlockParams,
  blockShapes,
  localInitialization,
  type VitConfig,
  type VitInitialization,
} from '@vitrail/vit';

/** The decoder's own sizes; patches, tokens and the kind of MLP are those of the encoder. */
export type MaeDecoderSection = { width: number; depth: number; heads: number; mlpHidden: number };

/** Parameters of the decoder of a masked autoencoder. */
export type MaeDecoderParams = {
  /** From the encoder's width to the decoder's. */
  readonly embed: LinearParams;
  /** `[D']`, what stands for a patch that was dropped. */
  readonly maskToken: Tensor;
  /** `[rows, columns, D']`. */
  readonly position: Tensor;
  readonly blocks: Readonly<Record<string, BlockParams>>;
  readonly norm: LayerNormParams;
  /** To the pixels of a patch. */
  readonly pixels: LinearParams;
};

/** The decoder of a masked autoencoder, as pure functions. */
export type MaeDecoder = {
  init(rng: Rng): MaeDecoderParams;
  /**
   * Every patch's pixels from what the encoder makes of those that were kept.
   *
   * @param encoded `cls` `[B, C, D]` and `patches` `[B, K, D]`, in the order of `keep` `[B, K]`
   * @returns `[B, N, p * p * 3]`, pixels in the order of `patchify`; the caller's
   */
  decode(params: MaeDecoderParams, encoded: { cls: Tensor3D; patches: Tensor3D }, keep: Tensor2D): Tensor3D;
};

/**
 * A light transformer over all patches: the encoder's tokens where patches were kept, a mask token where they were dropped, and positions for
 * both. It is used in training alone.
 *
 * Kernels Xavier-uniform, biases 0, mask token N(0, 0.02^2), as MAE. Deviations: positions are trained; with `local` they start as the sines
 * and cosines that MAE has fixed, and attention as that of the encoder. CLS tokens have no position.
 *
 * @see "Masked Autoencoders Are Scalable Vision Learners", He et al. 2022 (arXiv 2111.06377), section 3, "MAE decoder"; code `models_mae.py`
 * @example maeDecoder(vit, { width: 64, depth: 1, heads: 2, mlpHidden: 256 }, 'local').init(createRng(0)).pixels.kernel.shape // [64, 192]
 */
export function maeDecoder(vit: VitConfig, section: MaeDecoderSection, initialization: VitInitialization): MaeDecoder {
  const { width, depth } = section;
  const patches = (vit.imageSize / vit.patchSize) ** 2;
  const block = decoderBlock(vit, section);
  return {
    init: (rng) =>
      initParameters(maeDecoderShapes(vit, section), rng, [
        ...(initialization === 'local' ? localInitialization : []),
        ['position', truncatedNormal(0.02)],
        ['maskToken', normal(0.02)],
        ['**.kernel', xavierUniform()],
        ['**.scale', filled(1)],
        ['**.bias', filled(0)],
      ]) as MaeDecoderParams,
    decode: (params, encoded, keep) =>
      tidy(() => {
        const batch = keep.shape[0];
        const tokens = linear(concat([encoded.cls, encoded.patches], 1), params.embed) as Tensor3D; // [B, C + K, D']
        const [cls, kept] = split<Tensor3D>(tokens, [vit.clsTokens, keep.shape[1]], 1);
        const hidden = repeatForBatch(reshape(params.maskToken, [1, width]), batch * patches);
        const all = putTokens(reshape<Rank.R3>(hidden, [batch, patches, width]), kept, keep); // [B, N, D']
        const positions = repeatForBatch(reshape(params.position, [patches, width]), batch);
        let x: Tensor3D = concat([cls, add<Tensor3D>(all, positions)], 1); // [B, C + N, D']
        for (let i = 0; i < depth; i++) x = applyBlock(block, params.blocks[i], x);
        const [, decoded] = split(layerNorm(x, params.norm), [vit.clsTokens, patches], 1);
        return linear(decoded, params.pixels) as Tensor3D;
      }),
  };
}

/** The shape of every parameter of {@link MaeDecoderParams}. */
export function maeDecoderShapes(vit: VitConfig, section: MaeDecoderSection): ParameterShapes {
  const { width, depth } = section;
  const side = vit.imageSize / vit.patchSize;
  const block = decoderBlock(vit, section);
  return {
    embed: linearShapes(vit.width, width),
    maskToken: [width],
    position: [side, side, width],
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, blockShapes(block)])),
    norm: layerNormShapes(width),
    pixels: linearShapes(width, vit.patchSize ** 2 * 3),
  };
}

function decoderBlock(vit: VitConfig, { width, heads, mlpHidden }: MaeDecoderSection): BlockConfig {
  return { width, heads, mlp: { kind: vit.mlp.kind, hidden: mlpHidden } };
}
