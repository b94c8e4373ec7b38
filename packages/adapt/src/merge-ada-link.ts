import type { Tensor2D } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import type { LinearParams } from '@vitrail/ops';
import { type AdaLinkConfig, type AdaLinkParams, adaLink } from './ada-link.ts';

/**
 * A text tower whose token table has AdaLink in it: `table' = table + s phi(table W_down) W_up`, with any phi. It gives, without hooks, what
 * the tower gives with the module as `onEmbeddings.before`.
 *
 * A module that runs `after` positions were added cannot be merged.
 *
 * @param tower parameters of `applyText` or `applyClipText`
 * @returns the tower with a new `tokenEmbedding` `[V, d]`, the caller's; all other tensors are those of `tower`
 * @throws as {@link adaLink}
 * @example mergeAdaLinkIntoTable(config, tuned, 'text', tower).tokenEmbedding.shape // [49408, 512]
 */
export function mergeAdaLinkIntoTable<T extends { readonly tokenEmbedding: Tensor2D }>(
  config: AdaLinkConfig,
  params: AdaLinkParams,
  modality: string,
  tower: T,
): T {
  return { ...tower, tokenEmbedding: adaLink(config, params, modality)(tower.tokenEmbedding) };
}

/**
 * An image tower whose patch projection has AdaLink in it: `W' = W (I + s W_down W_up)`, `b' = b (I + s W_down W_up)`. It gives, without
 * hooks, what the tower gives with the module as `onEmbeddings.before`, which CLS tokens do not pass.
 *
 * A module that runs `after` positions were added cannot be merged.
 *
 * @param tower parameters of `applyVit` or `applyClipVit`
 * @returns the tower with a new `patchEmbed`, the caller's; all other tensors are those of `tower`
 * @throws `invalid-argument` for a module with an activation; and as {@link adaLink}
 * @example mergeAdaLinkIntoPatches(config, tuned, 'image', tower).patchEmbed.kernel.shape // [3072, 768]
 */
export function mergeAdaLinkIntoPatches<T extends { readonly patchEmbed: LinearParams }>(
  config: AdaLinkConfig,
  params: AdaLinkParams,
  modality: string,
  tower: T,
): T {
  if (config.activation !== undefined) {
    throw new VitrailError(
      'invalid-argument',
      `mergeAdaLinkIntoPatches: only a module without an activation merges into a projection, but this one has ${config.activation}: keep it in onEmbeddings`,
    );
  }
  const link = adaLink(config, params, modality);
  const { kernel, bias } = tower.patchEmbed;
  // Rows of the kernel are embeddings too: of one pixel each.
  return { ...tower, patchEmbed: { kernel: link(kernel), ...(bias && { bias: link(bias) }) } };
}
