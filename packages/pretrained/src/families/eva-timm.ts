import { filled, initParameters, linearShapes, normal, type ParameterShapes } from '@vitrail/core';
import type { ImagePreparation } from '@vitrail/data';
import { type EvaVitParams, evaVitShapes, initEvaVit } from '@vitrail/vit';
import { readDivisor, readPart } from '../config-fields.ts';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { linearNaming, under } from '../naming.ts';
import { timmPreparation } from '../timm-preparation.ts';
import { type EvaLayout, evaEncoder, evaNaming, readEvaLayout } from './eva-tower.ts';

/** A tower of EVA in a file of timm. */
export type EvaTimmConfig = { readonly layout: EvaLayout; readonly preparation: ImagePreparation };

/**
 * EVA-01 and EVA-02 as timm has them: `eva02_base_patch14_224.mim_in22k`, towers fine-tuned for classification, and the image
 * towers of EVA-CLIP. A classifier is loaded, so that it is there when the model is written, but not applied; the head of a
 * tower of CLIP is.
 *
 * Patches of towers that timm pools by their mean are `fc_norm(x)` each, the last norm of their pretraining; timm gives them
 * without.
 *
 * @see timm, `models/eva.py` (Eva)
 */
export const evaTimm: ModelFamily<EvaTimmConfig> = {
  name: 'eva (timm)',
  recognise: ({ config = {}, tensors }: ModelHeader) => {
    const args = readPart(config, 'model_args');
    const known = typeof args.num_heads === 'number' ? args.num_heads : undefined;
    const layout = readEvaLayout(tensors, { library: 'timm', prefix: '', heads: known });
    if (layout === undefined) return undefined;
    const { width, imageSize, heads } = layout.tower;
    readDivisor(args, 'num_heads', heads, width);
    return { layout, preparation: timmPreparation(readPart(config, 'pretrained_cfg'), imageSize) };
  },
  shapes: ({ layout }) => ({ ...evaVitShapes(layout.tower), ...classifierShapes(layout) }),
  naming: ({ layout }) => {
    const { classes, tower } = layout;
    return {
      ...evaNaming(layout),
      ...(classes !== undefined && under('classifier', linearNaming('head', tower.width, classes))),
    };
  },
  ignored: [],
  init: ({ layout }, rng) => ({
    ...initEvaVit(layout.tower, rng),
    ...initParameters(classifierShapes(layout), rng, [
      ['**.kernel', normal(0.02)],
      ['**.bias', filled(0)],
    ]),
  }),
  encoders: ({ layout }, params) => ({ image: evaEncoder(evaTimm.name, layout, params as EvaVitParams) }),
  preparation: ({ preparation }) => preparation,
};

function classifierShapes({ classes, tower }: EvaLayout): ParameterShapes {
  return classes === undefined ? {} : { classifier: linearShapes(tower.width, classes) };
}
