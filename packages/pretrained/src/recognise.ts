import { VitrailError } from '@vitrail/core';
import { families } from './families.ts';
import type { ModelFamily, ModelHeader } from './family.ts';

/** A model of a family, before its weights are read. */
export type Recognised = { readonly family: ModelFamily<unknown>; readonly config: unknown };

/** Names by which weights are known that a configuration has to go with, or that are none of ours: to say what a file looks like. */
const looks: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/^vision_model\.head\.probe$/, 'SigLIP of transformers'],
  [/^vision_model\.embeddings\.class_embedding$/, 'CLIP of transformers'],
  [/^(dinov2\.)?embeddings\.cls_token$/, 'DINOv2 of transformers'],
  [/^vision_encoder\.blocks\.0\./, 'TIPSv2 of transformers'],
  [/^(bert|roberta|distilbert|electra)\.|^encoder\.layer\.\d+\.attention\.self\./, 'a BERT-like text encoder'],
  [/^(model\.)?layers\.\d+\.self_attn\.q_proj/, 'a LLaMA-like language model'],
  [/^(transformer\.)?h\.\d+\.attn\.c_attn/, 'GPT-2'],
  [/^(encoder|decoder)\.block\.\d+\.layer\.\d+\./, 'T5'],
  [/^(model\.diffusion_model|down_blocks\.|unet\.)/, 'a diffusion model'],
  [/^layer[1-4]\.\d+\.conv\d\./, 'a ResNet'],
  [/^(image_encoder|mask_decoder)\./, 'Segment Anything'],
  [/^vit\.encoder\.layer\./, 'a plain ViT classifier of transformers'],
];

/**
 * The family that a model belongs to, and its configuration.
 *
 * @throws `corrupt-data` for a model of no family here, saying what it looks like; what families throw for variants they do not support
 */
export function recognise(header: ModelHeader): Recognised {
  for (const family of families) {
    const config = family.recognise(header);
    if (config !== undefined) return { family, config };
  }
  const kind = header.config?.model_type;
  const names = Object.keys(header.tensors);
  const kindOfWeights = weightsLookLike(names);
  const told = [
    ...(typeof kind === 'string' ? [`its config.json says model_type "${kind}"`] : []),
    ...(kindOfWeights === undefined ? [] : [`its weights look like ${kindOfWeights}`]),
    ...(header.config === undefined ? ['there is no config.json beside them'] : []),
    `its tensors are ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`,
  ];
  throw new VitrailError(
    'corrupt-data',
    `no family of models has these weights: ${told.join('; ')}. Known are ${families.map(({ name }) => name).join(', ')}`,
  );
}

/** What weights of these names look like, where that can be told. */
export function weightsLookLike(names: readonly string[]): string | undefined {
  return looks.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
}
