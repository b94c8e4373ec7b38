import { clone, concat, reshape, type Tensor, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { mapTree } from '@vitrail/core';
import { resizeBicubic } from '@vitrail/ops';
import type { EvaVitConfig, EvaVitParams } from './eva-vit.ts';
import { bicubicPositions } from './position-resizing.ts';
import { positionsBehindCls } from './position-table.ts';
import { requireTower } from './require-tower.ts';

/**
 * The parameters of a tower of EVA or UTA for images and patches of other sizes, to train on with: UTA's B/14 becomes B/16 before its contrastive
 * fine-tuning, its L/14 takes 336 pixels.
 *
 * The kernel of the patch embedding and the positions of patches are resized bicubically (`a = -0.75`, not anti-aliased); the position of the CLS
 * token and everything else stay. Rotary positions are in no parameter: they follow from the size.
 *
 * @param config of `params`; that of what comes back is `{ ...config, ...size }`
 * @param size of images and of patches, in pixels; either may stay
 * @returns a tree of its own, the caller's (`disposeTree`); `params` stay as they are
 * @throws `invalid-argument` for sizes that are no whole numbers, or images that are no multiple of the patches
 * @see "Enhancing Vision-Language Model with Unmasked Token Alignment", Liu et al. 2024 (arXiv 2405.19009), section 3; baaivision/EVA,
 *   EVA-CLIP/rei/tools `interpolate_patch_14to16.py`, `interpolate_patch14_224to336.py`
 * @example resizeEvaVit(evaVitPresets['B/14'], params, { imageSize: 224, patchSize: 16 }).position.shape // [197, 768]
 */
export function resizeEvaVit(
  config: EvaVitConfig,
  params: EvaVitParams,
  { imageSize, patchSize }: Pick<EvaVitConfig, 'imageSize' | 'patchSize'>,
): EvaVitParams {
  const { width, heads } = config;
  const side = imageSize / patchSize;
  requireTower('resizeEvaVit', { width, heads, imageSize, patchSize, 'imageSize / patchSize': side });
  return tidy(() => {
    const { kernel, bias } = params.patchEmbed;
    const positions = positionsBehindCls(params.position, { rows: side, columns: side }, bicubicPositions);
    const resized = {
      ...params,
      patchEmbed: { kernel: resizePatchKernel(kernel as Tensor2D, config.patchSize, patchSize), ...(bias && { bias }) },
      position: concat([positions.cls, positions.patches], 0),
    };
    return mapTree(resized, (leaf: Tensor) => clone(leaf)) as EvaVitParams;
  });
}

/** `[p * p * 3, D] -> [q * q * 3, D]`: the kernel as pictures of `p x p` pixels, one of each channel for each output. */
function resizePatchKernel(kernel: Tensor2D, from: number, to: number): Tensor2D {
  const [rows, width] = kernel.shape;
  const pictures: Tensor4D = reshape(kernel, [1, from, from, (rows / from ** 2) * width]);
  return reshape(resizeBicubic(pictures, [to, to]), [(rows / from ** 2) * to ** 2, width]);
}
