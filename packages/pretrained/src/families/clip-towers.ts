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

/** Both towers of a CLIP or the vision tower alone, and whether a bias is added to cosines, as for the loss of SigLIP. */
export type ClipModelConfig = Pick<ClipTowers, 'image'> & Partial<ClipTowers> & { readonly hasLogitBias?: boolean };

/** `image`, and with a text tower `text`, `logitScale` (the logarithm of what cosines are multiplied by) and, where there is one, `logitBias`. */
export function clipShapes({ image, text, hasLogitBias }: ClipModelConfig): ParameterShapes {
  return {
    image: clipVitShapes(image),
    ...(text && { text: clipTextShapes(text), logitScale: [], ...(hasLogitBias && { logitBias: [] }) }),
  };
}

/** Fresh towers, the caller's; a bias starts at -10, as in SigLIP. */
export function initClip({ image, text, hasLogitBias }: ClipModelConfig, rng: Rng): TensorTree {
  const vision = initClipVit(image, rng.fork('image'));
  if (text === undefined) return { image: vision };
  return {
    image: vision,
    text: initClipText(text, rng.fork('text')),
    logitScale: scalar(Math.log(1 / 0.07)),
    ...(hasLogitBias && { logitBias: scalar(-10) }),
  };
}

const readouts: readonly Readout[] = ['tokens', 'value', 'value-only'];

/**
 * The towers as encoders. `cls` is what CLIP compares with texts; patches go through the layer norm and the projection of the CLS token, as in
 * MaskCLIP. A tower that came without its projection goes without it.
 */
export function clipEncoders(family: string, { image, text }: ClipModelConfig, params: TensorTree): Encoders {
  const towers = params as { readonly image: ClipVitParams; readonly text: ClipTextParams };
  const { imageSize, patchSize, width, embedding = width } = image;
  return {
    image: {
      imageSize,
      patchSize,
      readouts,
      encode: (images: Tensor4D, readout) => {
        requireReadout(family, readout, readouts);
        const [batch] = images.shape;
        return tidy(() => {
          const { pooled, tokens, grid } = applyClipVit(image, towers.image, images, { readout });
          const { rows, columns } = grid;
          const patches = projectClipTokens(image, towers.image, slice(tokens, [0, 1, 0], [batch, rows * columns, width]));
          return {
            cls: reshape(pooled, [batch, 1, embedding]),
            patches: reshape(patches, [batch, rows, columns, embedding]),
          };
        });
      },
    },
    ...(text && { text: clipTextEncoder(text, towers.text) }),
  };
}
