import { concat, slice, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { initParameters, normal, type ParameterShapes, type Rng } from '@vitrail/core';
import { repeatForBatch } from '@vitrail/ops';
import { requireCount } from './require-count.ts';

/** Learned prompts, one set per modality. */
export type PromptConfig = {
  /** P, the number of learned vectors. */
  readonly count: number;
  /** d, the length of a token embedding, by modality: `{ image: 768, text: 512 }`. */
  readonly widths: Readonly<Record<string, number>>;
};

/** What prompt tuning trains: `prompts.MODALITY` `[P, d]`. */
export type PromptParams = { readonly prompts: Readonly<Record<string, Tensor2D>> };

/**
 * The shape of every parameter of {@link PromptParams}: `P d` numbers per modality.
 *
 * @throws `invalid-argument` for a configuration that cannot be
 * @example countShapes(promptShapes({ count: 16, widths: { text: 512 } })) // 8192
 */
export function promptShapes({ count, widths }: PromptConfig): ParameterShapes {
  requireCount('promptShapes', 'count', count);
  const prompts = Object.entries(widths).map(([modality, width]) => {
    requireCount('promptShapes', `the width of modality ${modality}`, width);
    return [modality, [count, width]];
  });
  return { prompts: Object.fromEntries(prompts) };
}

/**
 * Fresh prompts, N(0, 0.02^2), as CoOp starts. To start from words instead, take rows of the tower's table: `takeRows(table, ids)`.
 *
 * @param rng each modality draws from its own stream
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws as {@link promptShapes}
 * @see "The Power of Scale for Parameter-Efficient Prompt Tuning", Lester et al. 2021 (arXiv 2104.08691); "Learning to Prompt for
 *   Vision-Language Models" (CoOp), Zhou et al. 2021 (arXiv 2109.01134)
 * @example initPrompts({ count: 16, widths: { text: 512 } }, createRng(0)).prompts.text.shape // [16, 512]
 */
export function initPrompts(config: PromptConfig, rng: Rng): PromptParams {
  return initParameters(promptShapes(config), rng, [['**', normal(0.02)]]) as PromptParams;
}

/** `[B, L, d]` with the prompts, once per sample, behind the first tokens and in place of the `replaced` next ones. */
export function insertPrompts(
  tokens: Tensor3D,
  prompts: Tensor2D,
  { first, replaced }: { first: number; replaced: number },
): Tensor3D {
  const [batch, count, width] = tokens.shape;
  const from = first + replaced;
  return concat(
    [
      slice(tokens, [0, 0, 0], [batch, first, width]),
      repeatForBatch(prompts, batch) as Tensor3D,
      slice(tokens, [0, from, 0], [batch, count - from, width]),
    ],
    1,
  );
}
