import { scalar } from '@tensorflow/tfjs-core';
import { type ImagePreparation, openClipPreparation } from '@vitrail/data';
import { type ClipTextConfig, type ClipTextParams, clipTextShapes, initClipText } from '@vitrail/text';
import { type EvaVitParams, evaVitShapes, initEvaVit } from '@vitrail/vit';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { same, under } from '../naming.ts';
import { type EvaLayout, evaEncoder, evaNaming } from './eva-tower.ts';
import { clipTextEncoder, openClipTextNaming } from './open-clip-text.ts';

/** A tower of EVA and the text tower of CLIP that it was trained with. */
export type EvaClipConfig = {
  readonly image: EvaLayout;
  readonly text: ClipTextConfig;
  /** As open_clip prepares pictures for CLIP, where the file does not say it. */
  readonly preparation: ImagePreparation;
};

/**
 * The family of such models in one library's files: only how they are told differs.
 *
 * @param recognise the towers in a file, and `preprocess_cfg` of open_clip where there is one
 */
export function evaClipFamily(
  name: string,
  recognise: (header: ModelHeader) => (Pick<EvaClipConfig, 'image' | 'text'> & { readonly preprocess?: object }) | undefined,
): ModelFamily<EvaClipConfig> {
  return {
    name,
    recognise: (header) => {
      const found = recognise(header);
      if (found === undefined) return undefined;
      const { image, text, preprocess } = found;
      return { image, text, preparation: openClipPreparation({ ...preprocess, image_size: image.tower.imageSize }) };
    },
    shapes: ({ image, text }) => ({ image: evaVitShapes(image.tower), text: clipTextShapes(text), logitScale: [] }),
    naming: ({ image, text }) => ({
      ...under('image', evaNaming(image)),
      ...under('text', openClipTextNaming('text.', text)),
      logitScale: same('logit_scale', []),
    }),
    ignored: ['text.attn_mask', 'visual.rope.*', 'visual.blocks.*.attn.rope.*'],
    init: ({ image, text }, rng) => ({
      image: initEvaVit(image.tower, rng.fork('image')),
      text: initClipText(text, rng.fork('text')),
      logitScale: scalar(Math.log(1 / 0.07)),
    }),
    encoders: ({ image, text }, params) => {
      const towers = params as { readonly image: EvaVitParams; readonly text: ClipTextParams };
      return { image: evaEncoder(name, image, towers.image), text: clipTextEncoder(text, towers.text) };
    },
    vocabulary: 'clip',
    preparation: ({ preparation }) => preparation,
  };
}
