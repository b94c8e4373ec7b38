import { reshape, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { type ParameterShapes, type Rng, type TensorTree, VitrailError } from '@vitrail/core';
import { applyText, initText, type TextConfig, type TextParams, textShapes } from '@vitrail/text';
import { applyVit, initVit, type VitConfig, type VitParams, vitShapes } from '@vitrail/vit';
import type { Encoders } from '../family.ts';

/** The towers of TIPS or TIPSv2. A vision file alone is a model without `text`. */
export type TipsModelConfig = { readonly vit: VitConfig; readonly text?: TextConfig };

/** `image.*` and, where there is a text tower, `text.*`. */
export function tipsShapes({ vit, text }: TipsModelConfig): ParameterShapes {
  return { image: vitShapes(vit), ...(text && { text: textShapes(text) }) };
}

/** Fresh towers, the caller's. */
export function initTips({ vit, text }: TipsModelConfig, rng: Rng): TensorTree {
  return { image: initVit(vit, rng.fork('image')), ...(text && { text: initText(text, rng.fork('text')) }) };
}

/**
 * The towers as encoders. `cls` are both CLS tokens, the first trained with captions of the web, the second with synthetic ones; both and all
 * patches are in the space of texts.
 */
export function tipsEncoders({ vit, text }: TipsModelConfig, params: TensorTree): Encoders {
  const towers = params as { image: VitParams; text: TextParams };
  return {
    image: {
      imageSize: vit.imageSize,
      patchSize: vit.patchSize,
      readouts: ['tokens', 'value', 'value-only'],
      encode: (images: Tensor4D, readout) =>
        tidy(() => {
          const { cls, patches, grid } = applyVit(vit, towers.image, images, { readout });
          return { cls, patches: reshape(patches, [images.shape[0], grid.rows, grid.columns, vit.width]) };
        }),
    },
    ...(text && {
      text: {
        maxTokens: text.maxTokens,
        vocabularySize: text.vocabularySize,
        encode: (ids: Tensor2D, padding: Tensor2D) => tidy(() => applyText(text, towers.text, { ids, padding }).pooled),
      },
    }),
  };
}

/** Throws `invalid-argument` unless both towers are equally wide: their files belong together, and nothing projects in between. */
export function requireEqualWidths(family: string, { vit, text }: TipsModelConfig): void {
  if (text === undefined || text.width === vit.width) return;
  throw new VitrailError(
    'invalid-argument',
    `${family}: the vision tower is ${vit.width} wide and the text tower ${text.width}: they are files of two sizes of the model`,
  );
}
