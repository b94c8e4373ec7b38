import { reshape, type Tensor2D, type Tensor3D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { type BicubicOptions, resizeBicubic, resizeBilinear } from '@vitrail/ops';
import type { PatchGrid } from './patch-embed.ts';

/**
 * Brings learned positions to another grid of patches. At their own size they come back as they are. README.md says which published code does
 * which.
 *
 * @param table `[G, G, D]` (sides may differ), without those of CLS tokens
 * @returns `[rows * columns, D]`, the caller's
 */
export type PositionResizing = (table: Tensor3D, grid: PatchGrid) => Tensor2D;

/**
 * Bilinear, anti-aliased when the grid shrinks: all codes of TIPS and TIPSv2.
 *
 * @see google-deepmind/tips, scenic/models/vit.py (`jax.image.resize`); pytorch/image_encoder.py with the arguments of its scripts
 *   (`interpolate_antialias=True, interpolate_offset=0.0`; its own defaults, which they never use, are others)
 * @example bilinearPositions(ones([32, 32, 8]), { rows: 16, columns: 24 }).shape // [384, 8]
 */
export const bilinearPositions: PositionResizing = (table, grid) => resized(table, grid, resizeBilinear);

/**
 * Bicubic (`a = -0.75`) without anti-aliasing: EVA-CLIP and UTA; transformers' CLIP, SigLIP and DINOv2.
 *
 * @see baaivision/EVA, EVA-CLIP/rei/eva_clip/utils.py (resize_evaclip_pos_embed); transformers, modeling_dinov2.py (interpolate_pos_encoding)
 * @example bicubicPositions(ones([16, 16, 8]), { rows: 14, columns: 14 }).shape // [196, 8]
 */
export const bicubicPositions: PositionResizing = (table, grid) => resized(table, grid, resizeBicubic);

/**
 * Bicubic (`a = -0.5`), anti-aliased when the grid shrinks: open_clip, timm, and DINOv2 with registers.
 *
 * @see open_clip, model.py (resize_pos_embed); facebookresearch/dinov2, hub/backbones.py (`interpolate_antialias=True, interpolate_offset=0.0`)
 * @example antialiasedPositions(ones([16, 16, 8]), { rows: 24, columns: 24 }).shape // [576, 8]
 */
export const antialiasedPositions: PositionResizing = (table, grid) => bicubic(table, grid, { antialias: true });

/**
 * Bicubic (`a = -0.75`) as if the grid had 0.1 of a patch more along each side: DINOv2 without registers, and DINO. Where one side has the length
 * of the table and the other has not, both are interpolated.
 *
 * @see facebookresearch/dinov2, models/vision_transformer.py (interpolate_pos_encoding, `interpolate_offset=0.1`)
 * @example offsetPositions(ones([37, 37, 8]), { rows: 16, columns: 16 }).shape // [256, 8]
 */
export const offsetPositions: PositionResizing = (table, grid) =>
  isNative(table, grid) ? bicubicPositions(table, grid) : bicubic(table, grid, { offset: 0.1 });

/**
 * Bilinear between corners that stay where they are, without anti-aliasing: big_vision, when it loads a checkpoint of another size.
 *
 * @see google-research/big_vision, models/vit.py (resample_posemb: SciPy's `zoom` of order 1)
 * @example cornerPositions(ones([14, 14, 8]), { rows: 16, columns: 16 }).shape // [256, 8]
 */
export const cornerPositions: PositionResizing = (table, grid) =>
  resized(table, grid, (positions, size) => resizeBilinear(positions, size, { alignCorners: true }));

function bicubic(table: Tensor3D, grid: PatchGrid, options: BicubicOptions): Tensor2D {
  return resized(table, grid, (positions, size) => resizeBicubic(positions, size, options));
}

function resized(
  table: Tensor3D,
  { rows, columns }: PatchGrid,
  resize: (grid: Tensor4D, size: [number, number]) => Tensor4D,
): Tensor2D {
  const [height, width, length] = table.shape;
  return tidy(() => {
    const positions: Tensor4D = reshape(table, [1, height, width, length]);
    return reshape(resize(positions, [rows, columns]), [rows * columns, length]);
  });
}

function isNative({ shape }: Tensor3D, { rows, columns }: PatchGrid): boolean {
  return rows === shape[0] && columns === shape[1];
}
