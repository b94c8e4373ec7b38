import { reshape, scalar, slice, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { ParameterShapes, Rng, TensorTree } from '@vitrail/core';
import { type ClipTextConfig, type ClipTextParams, clipTextShapes, initClipText } from '@vitrail/text';
import {
  applyClipVit,
  type ClipVitConfig,
  type ClipVitParams,
  clipVitShapes,
  initClipVit,
  projectClipTokens,
} from '@vitrail/vit';
import type { Encoders, Readout } from '../family.ts';
import { requireReadout } from '../require-readout.ts';
import { clipTextEncoder } from './open-clip-text.ts';

/** The two towers of a CLIP. */
export type ClipTowers = { readonly image: ClipVitConfig; readonly text: ClipTextConfig };

/** `image`, `text`, and `logitScale`, the logarithm of what cosines are multiplied by. */
export function clipShapes({ image, text }: ClipTowers): ParameterShapes {
  return { image: clipVitShapes(image), text: clipTextShapes(text), logitScale: [] };
}

/** Fresh towers, the caller's. */
export function initClip({ image, text }: ClipTowers, rng: Rng): TensorTree {
  return {
    image: initClipVit(image, rng.fork('image')),
    text: initClipText(text, rng.fork('text')),
    logitScale: scalar(Math.log(1 / 0.07)),
  };
}

const readouts: readonly Readout[] = ['tokens', 'value', 'value-only'];

/** The towers as encoders. `cls` is what CLIP compares with texts; patches go through the layer norm and the projection of the CLS token, as in MaskCLIP. */
export function clipEncoders(family: string, { image, text }: ClipTowers, params: TensorTree): Encoders {
  const towers = params as { readonly image: ClipVitParams; readonly text: ClipTextParams };
  const { imageSize, patchSize, width, embedding } = image;
  return {
    image: {
      imageSize,
      patchSize,
      readouts,
      encode: (images: Tensor4D, readout) => {
        requireReadout(family, readout, readouts);
        const [batch, side] = [images.shape[0], imageSize / patchSize];
        return tidy(() => {
          const { pooled, tokens } = applyClipVit(image, towers.image, images, { readout });
          const patches = projectClipTokens(image, towers.image, slice(tokens, [0, 1, 0], [batch, side ** 2, width]));
          return {
            cls: reshape(pooled, [batch, 1, embedding]),
            patches: reshape(patches, [batch, side, side, embedding]),
          };
        });
      },
    },
    text: clipTextEncoder(text, towers.text),
  };
}
