import { reshape, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { TensorTree } from '@vitrail/core';
import { type ImagePreparation, pixelStatistics } from '@vitrail/data';
import { applyDinov2, type Dinov2Config, type Dinov2Params } from '@vitrail/vit';
import type { Encoders } from '../family.ts';
import { requireReadout } from '../require-readout.ts';

/**
 * Side of the pictures that released models are evaluated on, in pixels. Their positions are those of 518, and are resized: so it is in the code of
 * the authors, and in the `preprocessor_config.json` of transformers.
 */
const EVALUATED_AT = 224;

/** The tower of DINOv2 as an encoder of pictures alone: `cls` is its CLS token, `patches` its patch tokens, both after the last layer norm. */
export function dinov2Encoders(family: string, config: Dinov2Config, params: TensorTree): Encoders {
  return {
    image: {
      imageSize: EVALUATED_AT,
      patchSize: config.patchSize,
      readouts: ['tokens'],
      encode: (images: Tensor4D, readout) => {
        requireReadout(family, readout);
        return tidy(() => {
          const { cls, patches, grid } = applyDinov2(config, params as unknown as Dinov2Params, images);
          return { cls, patches: reshape(patches, [images.shape[0], grid.rows, grid.columns, config.width]) };
        });
      },
    },
  };
}

/**
 * Pictures as DINOv2 is evaluated on them: the shortest side at 8/7 of {@link EVALUATED_AT}, bicubic, and the central square.
 *
 * @see facebookresearch/dinov2, `data/transforms.py` (make_classification_eval_transform)
 */
export const dinov2Preparation: ImagePreparation = {
  resize: { kind: 'shortest-side', size: 256, crop: EVALUATED_AT, rounding: 'half-even' },
  filter: 'bicubic',
  arithmetic: '8-bit',
  ...pixelStatistics.imagenet,
};
