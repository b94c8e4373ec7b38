import { expandDims, reshape, scalar, type Tensor2D, type Tensor3D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { ParameterShapes, Rng, TensorTree } from '@vitrail/core';
import { type ImagePreparation, pixelStatistics } from '@vitrail/data';
import { applySiglipText, initSiglipText, type SiglipTextConfig, type SiglipTextParams, siglipTextShapes } from '@vitrail/text';
import { applySiglipVit, initSiglipVit, type SiglipVitConfig, type SiglipVitParams, siglipVitShapes } from '@vitrail/vit';
import type { Encoders } from '../family.ts';
import { requireReadout } from '../require-readout.ts';

/** The towers of a SigLIP: both, or the vision tower alone. */
export type SiglipTowers = { readonly image: SiglipVitConfig; readonly text?: SiglipTextConfig };

/** `image`, and with a text tower `text`, `logitScale` (the logarithm of what cosines are multiplied by) and `logitBias`, scalars both. */
export function siglipShapes({ image, text }: SiglipTowers): ParameterShapes {
  return {
    image: siglipVitShapes(image),
    ...(text && { text: siglipTextShapes(text), logitScale: [], logitBias: [] }),
  };
}

/** Fresh towers; the scale starts at 10 and the bias at -10, as in the paper. */
export function initSiglip({ image, text }: SiglipTowers, rng: Rng): TensorTree {
  const vision = initSiglipVit(image, rng.fork('image'));
  if (text === undefined) return { image: vision };
  return {
    image: vision,
    text: initSiglipText(text, rng.fork('text')),
    logitScale: scalar(Math.log(10)),
    logitBias: scalar(-10),
  };
}

/**
 * The towers as encoders: `cls` is the pooled image, `patches` are its patch tokens after the last layer norm, which no text was compared with.
 * Texts are read whole, padding included: ids are as many as `maxTokens`.
 */
export function siglipEncoders(family: string, { image, text }: SiglipTowers, params: TensorTree): Encoders {
  const towers = params as unknown as { image: SiglipVitParams; text: SiglipTextParams };
  return {
    image: {
      imageSize: image.imageSize,
      patchSize: image.patchSize,
      readouts: ['tokens'],
      encode: (images: Tensor4D, readout) => {
        requireReadout(family, readout);
        return tidy(() => {
          const { pooled, patches, grid } = applySiglipVit(image, towers.image, images);
          return {
            cls: expandDims(pooled, 1) as Tensor3D,
            patches: reshape(patches, [images.shape[0], grid.rows, grid.columns, image.width]),
          };
        });
      },
    },
    ...(text && {
      text: {
        maxTokens: text.maxTokens,
        vocabularySize: text.vocabularySize,
        encode: (ids: Tensor2D) => tidy(() => applySiglipText(text, towers.text, ids).pooled),
      },
    }),
  };
}

/** Pictures squeezed into a square, bicubic as transformers and open_clip have it for SigLIP, values in [-1, 1]. */
export function siglipPreparation({ image }: SiglipTowers): ImagePreparation {
  return {
    resize: { kind: 'square', size: image.imageSize },
    filter: 'bicubic',
    arithmetic: '8-bit',
    ...pixelStatistics.half,
  };
}
