import { mean, stack, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { l2Normalize } from '@vitrail/ops';
import { requireShape } from './require-input.ts';

/**
 * One unit vector per class: its name in every template, each prompt embedded and normalised, averaged, and normalised again.
 *
 * `W_c = normalize(mean_k normalize(encodeTexts(template_k(name_c))))`. `encodeTexts` is called once per class, with one prompt per template.
 *
 * @param encodeTexts `[texts] -> [texts, D]`, not normalised; runs inside a tidy, so it reads no values; what it returns is disposed here
 * @param names of the classes, at least one
 * @param templates at least one; each has `{}` where the name goes (every `{}` is replaced)
 * @returns `[C, D]`, unit rows in the order of `names`, the caller's
 * @throws `missing-data` without names or templates, `invalid-argument` for a template without `{}`, `shape-mismatch` and `non-finite` for
 *   embeddings that cannot be used
 * @see Radford et al. 2021 (CLIP), section 3.1.4; `zero_shot_classifier.py` of OpenCLIP
 * @example (await classEmbeddings(encodeTexts, ['cat', 'dog'], ['a photo of a {}.', 'art of the {}.'])).shape // [2, D]
 */
export async function classEmbeddings(
  encodeTexts: (texts: readonly string[]) => Tensor2D,
  names: readonly string[],
  templates: readonly string[],
): Promise<Tensor2D> {
  if (names.length === 0) throw new VitrailError('missing-data', 'classEmbeddings: names has at least one class, but none came');
  if (templates.length === 0)
    throw new VitrailError('missing-data', 'classEmbeddings: templates has at least one prompt, but none came');
  const bare = templates.find((template) => !template.includes('{}'));
  if (bare !== undefined) {
    throw new VitrailError('invalid-argument', `classEmbeddings: a template has {} where the name goes, but "${bare}" has none`);
  }
  const embeddings = tidy(() => stack(names.map((name) => classEmbedding(encodeTexts, name, templates))) as Tensor2D);
  try {
    await requireFiniteRows(embeddings, names);
    return embeddings;
  } catch (error) {
    embeddings.dispose();
    throw error;
  }
}

function classEmbedding(
  encodeTexts: (texts: readonly string[]) => Tensor2D,
  name: string,
  templates: readonly string[],
): Tensor1D {
  return tidy(() => {
    const prompts = encodeTexts(templates.map((template) => template.replaceAll('{}', () => name))); // [K, D]
    requireShape('classEmbeddings', `the embedding of "${name}"`, prompts, [templates.length, 'D']);
    return l2Normalize(mean(l2Normalize(prompts), 0)) as Tensor1D; // [D]
  });
}

/** A prompt that is not finite makes the embedding of its class NaN, so that one read finds it. */
async function requireFiniteRows(embeddings: Tensor2D, names: readonly string[]): Promise<void> {
  const values = await embeddings.data<'float32'>();
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const name = names[Math.floor(wrong / embeddings.shape[1])];
  throw new VitrailError(
    'non-finite',
    `classEmbeddings: the embedding of "${name}" has numbers that are not finite; features must be (did training diverge?)`,
  );
}
