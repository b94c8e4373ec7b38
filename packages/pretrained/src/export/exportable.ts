import type { TensorTree } from '@vitrail/core';
import { VitrailError } from '@vitrail/core';
import type { TextConfig, Tokenizer } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';

/** A model of the towers of TIPS, whichever form it was read from. */
export type ExportableModel = {
  readonly vit: VitConfig;
  readonly text: TextConfig;
  /** `image`, `text` and, where it is known, `logitScale`. They stay the caller's. */
  readonly params: TensorTree;
  readonly tokenizer?: Tokenizer;
};

/** A published form of a model: its files by name, and what of the model they do not hold, in sentences. */
export type ExportedModel = { readonly files: Readonly<Record<string, Uint8Array>>; readonly notes: readonly string[] };

/**
 * The model as one that can be exported.
 *
 * @param model of `openModel`
 * @throws `invalid-argument` for towers of another kind, or a model without a text tower: no form that is written holds them
 */
export function requireExportable(model: {
  readonly family: { readonly name: string };
  readonly config: unknown;
  readonly params: TensorTree;
  readonly tokenizer?: Tokenizer;
}): ExportableModel {
  const { vit, text } = model.config as Partial<ExportableModel>;
  if (
    typeof vit === 'object' &&
    'positionGrid' in vit &&
    typeof text === 'object' &&
    'mlpHidden' in text &&
    'position' in (model.params.image as object)
  ) {
    return { vit, text, params: model.params, tokenizer: model.tokenizer };
  }
  throw new VitrailError(
    'invalid-argument',
    `models with both towers of TIPS can be exported (pretrained here, or read from TIPS' or TIPSv2's own weights), but this is ${model.family.name}`,
  );
}
