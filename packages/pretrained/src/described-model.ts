import type { TensorTree } from '@vitrail/core';
import type { Tokenizer } from '@vitrail/text';
import { type VitrailDescription, vitrailMetadata } from './families/vitrail-metadata.ts';
import { type Model, modelOf } from './model.ts';
import { recognise } from './recognise.ts';

/**
 * A model that is being trained: over parameters that are somebody else's, as it will be read back from a file with this description.
 *
 * @param params by the names that they have in the file; further ones do no harm
 * @throws `corrupt-data` for a description of no kind that can be read back
 * @example describedModel({ kind: 'tips', vit, text, tokenizer: tokenizer.toJSON() }, params, tokenizer).encodeTexts(['a cat']).shape // [1, 96]
 */
export function describedModel(description: VitrailDescription, params: TensorTree, tokenizer?: Tokenizer): Model {
  const { family, config } = recognise({ tensors: {}, metadata: vitrailMetadata(description) });
  return modelOf(family.encoders(config, params), { preparation: family.preparation(config), tokenizer });
}
